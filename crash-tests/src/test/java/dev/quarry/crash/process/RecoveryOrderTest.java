package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a clock that was set back, or a restored backup, leaves behind: files whose times say
 * nothing, or the opposite, of the order they were written in. Order is by sequence numbers alone.
 */
class RecoveryOrderTest {

  private static final int ROUNDS = 12;

  /** What the times of a store's files are made to say. */
  private enum Times {
    REVERSED,
    EQUAL,
    SHUFFLED
  }

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void theNewestValueIsFoundWhateverTheTimesOfFilesAre(StoreMode mode) throws Exception {
    BlobStoreOptions options = TestStores.small(mode);
    long seed = System.nanoTime();
    System.out.println("RecoveryOrderTest seed " + seed);
    Tracked tracked = new Tracked(seed);
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      try (BlobStore store = BlobStore.open(directory, options)) {
        tracked.check(store, "seed " + seed + ", round " + round);
        StoreInvariants.check(store);
        for (int i = 0; i < 60; i++) {
          assertNull(tracked.step(store));
        }
      }
      if (round % 2 == 0) { // every record is read again, and put in its place
        Files.deleteIfExists(directory.resolve("index").resolve("checkpoint"));
      }
      set(Times.values()[round % Times.values().length], random);
    }
  }

  private void set(Times times, Random random) throws IOException {
    List<Path> files = files();
    Instant now = Instant.now();
    for (int i = 0; i < files.size(); i++) {
      long days =
          switch (times) {
            case REVERSED -> -i;
            case EQUAL -> 0;
            case SHUFFLED -> random.nextInt(20_000) - 10_000;
          };
      FileTime time = FileTime.from(now.plusSeconds(days * 86_400));
      Files.setLastModifiedTime(files.get(i), time);
      assertEquals(time.toMillis(), Files.getLastModifiedTime(files.get(i)).toMillis());
    }
    assertTrue(files.size() > 2, "there are files");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return new ArrayList<>(all.filter(Files::isRegularFile).sorted().toList());
    }
  }
}
