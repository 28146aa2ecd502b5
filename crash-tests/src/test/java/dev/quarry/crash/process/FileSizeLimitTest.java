package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quarry.BlobStore;
import dev.quarry.StoreFullException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process that may write no more than the start of a file ({@code ulimit -f}): the system says
 * EFBIG, and sends SIGXFSZ, which the JVM ignores.
 */
@Tag("slow")
class FileSizeLimitTest {

  @TempDir Path directory;

  @BeforeEach
  void needsAShell() {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")));
  }

  @ParameterizedTest
  @EnumSource
  void onlyTheValuesThatNeedLongerFilesAreRefused(StoreMode mode) throws Exception {
    List<String> held =
        ChildJvm.of(LongFiles.class).after("ulimit -f 96").run(directory.toString(), mode.name());
    assertHolds(held, mode);
  }

  /** What a process held at its end must be there for another one, which has no limit. */
  private void assertHolds(List<String> held, StoreMode mode) {
    Tracked tracked = Tracked.of(held);
    try (BlobStore store = BlobStore.open(directory, TestStores.small(mode))) {
      tracked.check(store, "reopened without a limit");
      assertNull(tracked.put(store, 0));
      StoreInvariants.check(store);
    }
  }

  /** Large values need longer files than there may be, a slab does not. */
  static final class LongFiles {

    private static final int LIMIT = 96 << 10;
    private static final int OPERATIONS = 600;

    private LongFiles() {}

    public static void main(String[] arguments) {
      StoreMode mode = StoreMode.valueOf(arguments[1]);
      Tracked tracked = new Tracked(2);
      try (BlobStore store = BlobStore.open(Path.of(arguments[0]), TestStores.small(mode))) {
        int refused = 0;
        for (int i = 0; i < OPERATIONS; i++) {
          Throwable failure = tracked.step(store);
          if (failure != null) {
            assertEquals(StoreFullException.class, failure.getClass(), failure::toString);
            refused++;
          }
        }
        assertTrue(refused > 2, "large values were refused");
        assertTrue(refused < OPERATIONS / 20, "and nothing else was");
        assertTrue(TestStores.SEGMENT_BYTES < LIMIT);
        assertNull(store.stats().failure());
        tracked.check(store, "with a limit");
      }
      tracked.toLines().forEach(System.out::println);
    }
  }

  @Test
  void aLimitBelowTheLengthOfALogRefusesPutsUntilItIsRaised() throws Exception {
    List<String> held = ChildJvm.of(ShortLogs.class).run(directory.toString());
    assumeTrue(!held.isEmpty(), "there is no prlimit");
    assertHolds(held, StoreMode.DURABLE);
  }

  /** The limit comes while the store is open, and goes again. */
  static final class ShortLogs {

    private ShortLogs() {}

    public static void main(String[] arguments) throws Exception {
      Tracked tracked = new Tracked(3);
      try (BlobStore store =
          BlobStore.open(Path.of(arguments[0]), TestStores.small(StoreMode.DURABLE))) {
        for (int i = 0; i < 100; i++) {
          assertNull(tracked.step(store));
        }
        if (!limit("40960")) {
          return;
        }
        int refused = 0;
        for (int i = 0; i < 200; i++) {
          Throwable failure = tracked.step(store);
          if (failure != null) {
            assertEquals(StoreFullException.class, failure.getClass(), failure::toString);
            refused++;
          }
        }
        assertTrue(refused > 50, refused + " were refused");
        tracked.check(store, "with a limit");
        limit("unlimited");
        awaitPut(store, tracked);
        // few, so that what was refused is not replaced: it must not be there
        for (int i = 0; i < 5; i++) {
          assertNull(tracked.step(store));
        }
        tracked.check(store, "since the limit was raised");
      }
      tracked.toLines().forEach(System.out::println);
    }

    private static void awaitPut(BlobStore store, Tracked tracked) throws Exception {
      Throwable failure = tracked.put(store, 0);
      for (int i = 0; i < 2_000 && failure != null; i++) {
        Thread.sleep(10);
        failure = tracked.put(store, 0);
      }
      assertNull(failure);
    }

    private static boolean limit(String bytes) throws Exception {
      String self = Long.toString(ProcessHandle.current().pid());
      try {
        Process limiter =
            new ProcessBuilder("prlimit", "--pid", self, "--fsize=" + bytes + ":unlimited")
                .inheritIO()
                .start();
        return limiter.waitFor() == 0;
      } catch (IOException e) {
        return false; // there is no such command
      }
    }
  }
}
