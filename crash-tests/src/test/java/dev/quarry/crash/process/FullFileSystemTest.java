package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreFullException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A file system that is really full: a small one in memory, mounted for a process that has its own
 * view of what is mounted, so that nothing is left of it. Where that is not permitted the file size
 * limit of {@link FileSizeLimitTest} stands in for it.
 */
class FullFileSystemTest {

  private static final List<List<String>> PERMITTED_WAYS =
      List.of(List.of("unshare", "-m"), List.of("unshare", "-Urm"));
  private static final String MOUNT = "mount -t tmpfs -o size=3m tmpfs \"$0\"";

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void nothingIsLostWhileTheDiskIsFullAndPutsGoOnWhenThereIsRoom(StoreMode mode) throws Exception {
    List<String> way = permittedWay();
    String shell = MOUNT + " && exec \"$@\"";
    ChildJvm.of(Child.class)
        .startedBy(way.toArray(String[]::new))
        .startedBy("sh", "-c", shell, directory.toString())
        .run(directory.toString(), mode.name());
  }

  private List<String> permittedWay() throws Exception {
    for (List<String> way : PERMITTED_WAYS) {
      List<String> trial = new ArrayList<>(way);
      trial.addAll(List.of("sh", "-c", MOUNT, directory.toString()));
      try {
        if (new ProcessBuilder(trial).start().waitFor() == 0) {
          return way;
        }
      } catch (IOException e) {
        // there is no such command
      }
    }
    assumeTrue(false, "this process may not mount a file system");
    return List.of();
  }

  /** The process on the small file system. */
  static final class Child {

    private static final int BALLAST_BYTES = 1 << 20;
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final int REFUSALS = 30;

    private final BlobStoreOptions options;
    private final Path root;
    private final Path ballast;
    private final Tracked tracked = new Tracked(1);

    private Child(Path directory, StoreMode mode) throws IOException {
      this.options = TestStores.small(mode);
      this.root = directory.resolve("store");
      this.ballast = Files.write(directory.resolve("ballast"), new byte[BALLAST_BYTES]);
    }

    public static void main(String[] arguments) throws IOException {
      StoreMode mode = StoreMode.valueOf(arguments[1]);
      Child child = new Child(Path.of(arguments[0]), mode);
      if (mode == StoreMode.DURABLE) {
        child.fillDurable();
      } else {
        child.fillCache();
      }
    }

    private BlobStore open() {
      return BlobStore.open(root, options);
    }

    private void fillDurable() throws IOException {
      try (BlobStore store = open()) {
        putUntilFull(store);
        tracked.check(store, "full");
        assertNull(store.stats().failure());
        for (int key = 0; key < Tracked.KEYS; key += 4) {
          assertNull(tracked.delete(store, key), "the reserve is for deletes");
        }
        tracked.check(store, "full, after deletes");
      }
      try (BlobStore store = open()) {
        tracked.check(store, "reopened while full");
        putUntilFull(store);
        Files.delete(ballast);
        putAgain(store);
        tracked.check(store, "there is room");
        StoreInvariants.check(store);
      }
      try (BlobStore store = open()) {
        tracked.check(store, "reopened since there is room");
      }
    }

    private void putUntilFull(BlobStore store) {
      int refused = 0;
      for (int i = 0; refused < REFUSALS; i++) {
        Throwable failure = tracked.step(store);
        if (failure != null) {
          assertEquals(StoreFullException.class, failure.getClass(), failure::toString);
          refused++;
        } else if (refused == 0) {
          fill(store, i);
        }
      }
    }

    /** Keys that nothing else touches, so that compaction cannot help. */
    private static void fill(BlobStore store, int number) {
      try {
        store.put(("filler " + number).getBytes(StandardCharsets.UTF_8), new byte[20_000]);
      } catch (StoreFullException e) {
        // the next step finds that too
      }
    }

    /** The reserve is made again first, beside the writers. */
    private void putAgain(BlobStore store) {
      long start = System.nanoTime();
      int done = 0;
      while (done < 20) {
        done += tracked.step(store) == null ? 1 : 0;
        assertTrue(System.nanoTime() - start < PATIENCE_NANOS, "puts do not go on");
        LockSupport.parkNanos(1_000_000);
      }
    }

    private void fillCache() {
      try (BlobStore store = open()) {
        for (int i = 0; i < 1_000; i++) {
          assertNull(tracked.step(store), "a cache goes on");
          if (i % 100 == 0) {
            tracked.checkOfLossy(store, "full");
          }
        }
        assertTrue(store.stats().bytesPut() > 3 << 20);
        assertNull(store.stats().failure());
        tracked.checkOfLossy(store, "full");
        StoreInvariants.check(store);
      }
      try (BlobStore store = open()) {
        tracked.checkOfLossy(store, "reopened");
        assertTrue(store.stats().keys() > 0, "what is on disk is served");
      }
    }
  }
}
