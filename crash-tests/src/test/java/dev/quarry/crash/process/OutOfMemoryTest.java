package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreException;
import dev.quarry.BlobStoreOptions;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.TestStores;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Xxh3KeyHash;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Memory that runs out at any moment of an operation: at every call to the disk and to the hash in
 * turn, which lie before, between and after the writing of a record and its publishing; and for
 * real, in processes that have little of it.
 */
@Tag("slow")
class OutOfMemoryTest {

  private static final Path ROOT = Path.of("/store");
  private static final int OPERATIONS = 45;
  private static final int MORE_OPERATIONS = 150;
  private static final int TRIALS = 60;

  /** How many calls are in the history, at the most: a guard against a run that never ends. */
  private static final int MOST_CALLS = 20_000;

  @ParameterizedTest
  @CsvSource({"DURABLE, false", "DURABLE, true", "CACHE, false", "CACHE, true"})
  @Timeout(120)
  void atWhateverCallMemoryRunsOutNothingIsLost(StoreMode mode, boolean threaded) {
    int call = 1;
    int stride = threaded ? 7 : 1;
    while (new Trial(mode, threaded, 11, OPERATIONS, call).run()) {
      call += stride;
      assertTrue(call < MOST_CALLS);
    }
    System.out.println(mode + (threaded ? ", threaded: " : ": ") + call + " calls");
    assertTrue(call > 100, "the history has calls");
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(120)
  void atAnyCallOfALongerHistoryNothingIsLost(StoreMode mode) {
    long seed = System.nanoTime();
    System.out.println("OutOfMemoryTest seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < TRIALS; i++) {
      int call = 1 + random.nextInt(MORE_OPERATIONS * 6);
      new Trial(mode, random.nextInt(4) == 0, random.nextLong(), MORE_OPERATIONS, call).run();
    }
  }

  /** A history in which memory runs out once. */
  record Trial(StoreMode mode, boolean threaded, long seed, int operations, int call) {

    /** Returns false if there was no such call. */
    boolean run() {
      SimulatedDisk disk = new SimulatedDisk(call);
      MemoryShortage shortage = new MemoryShortage(disk, call);
      Tracked tracked = new Tracked(seed);
      BlobStoreOptions options = options();
      try {
        use(bed(shortage), options, tracked);
        assertReopens(disk, options, tracked);
      } catch (AssertionError | BlobStoreException e) {
        throw new AssertionError(this + ", in " + shortage.place() + ": " + e.getMessage(), e);
      }
      return shortage.happened();
    }

    private BlobStoreOptions options() {
      BlobStoreOptions busy = TestStores.busy(mode, new Random(seed));
      return mode == StoreMode.DURABLE ? busy : busy.toBuilder().maxBytes(1L << 40).build();
    }

    private TestBed bed(MemoryShortage shortage) {
      TestBed bed = threaded ? TestBed.threaded(shortage) : TestBed.inline(shortage);
      return bed.hashing(
          hashSeed -> {
            KeyHash hash = new Xxh3KeyHash(hashSeed);
            return (key, result) -> {
              shortage.call("hash");
              hash.hash(key, result);
            };
          });
    }

    private void use(TestBed bed, BlobStoreOptions options, Tracked tracked) {
      BlobStore store;
      try {
        store = bed.open(ROOT, options);
      } catch (ResourceExhaustedException e) {
        store = bed.open(ROOT, options); // it has let go of everything
      }
      try {
        for (int i = 0; i < operations; i++) {
          Throwable failure = tracked.step(store);
          assertTrue(
              failure == null || failure instanceof ResourceExhaustedException,
              () -> String.valueOf(failure));
        }
        assertNull(store.stats().failure(), "a lack of memory is no failure");
        checkTwice(store, tracked);
      } finally {
        close(store);
      }
    }

    /** The first check may be what memory runs out in. */
    private static void checkTwice(BlobStore store, Tracked tracked) {
      try {
        tracked.check(store, "at the end");
      } catch (ResourceExhaustedException e) {
        tracked.check(store, "at the end");
      }
    }

    private static void close(BlobStore store) {
      try {
        store.close();
      } catch (OutOfMemoryError | ResourceExhaustedException e) {
        // it said so; what was acknowledged is durable
      }
    }

    private void assertReopens(SimulatedDisk disk, BlobStoreOptions options, Tracked tracked) {
      assertEquals(List.of(), disk.openHandles(), "files are left open");
      try (BlobStore store = TestBed.inline(disk).open(ROOT, options)) {
        if (mode == StoreMode.DURABLE) {
          tracked.check(store, "reopened");
        } else {
          tracked.checkOnceTrue(store, "reopened");
        }
        tracked.settle(store);
        StoreInvariants.check(store);
        for (int i = 0; i < operations; i++) {
          assertNull(tracked.step(store));
        }
        tracked.check(store, "used again");
      }
      try (BlobStore store = TestBed.inline(disk).open(ROOT, options)) {
        tracked.check(store, "reopened again");
      }
    }
  }
}
