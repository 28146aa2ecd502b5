package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A cache that has reached the bytes of disk it may take. */
class CacheBoundTest {

  /** The common pool may have a single thread, and these tasks wait for each other. */
  private static final Executor THREADS = task -> new Thread(task).start();

  private static final int SEGMENT = TestStores.SEGMENT_BYTES;
  private static final long BOUND = 6L * SEGMENT;
  private static final BlobStoreOptions OPTIONS =
      StoreFixture.CACHE.toBuilder().maxBytes(BOUND).build();

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open() {
    return StoreFixture.open(disk, OPTIONS);
  }

  private long segmentBytes() throws IOException {
    long sum = 0;
    for (String name : disk.list(ROOT.resolve("segments"))) {
      sum += disk.size(ROOT.resolve("segments").resolve(name));
    }
    return sum;
  }

  /** Puts keys until one is refused; returns how many were taken. */
  private static int fill(BlobStore store, int length) {
    for (int i = 0; ; i++) {
      try {
        store.put(key(i), value(i, length));
      } catch (StoreFullException e) {
        assertTrue(e.getMessage().contains(Long.toString(BOUND)), e.getMessage());
        return i;
      }
    }
  }

  @Test
  void putsAreRefusedWithTheBoundInTheMessageAndReadsGoOn() throws IOException {
    int taken;
    try (BlobStore store = open()) {
      taken = fill(store, 5_000);
      assertTrue(taken * 5_000L > BOUND * 3 / 4, "most of it is used");
      int refused = taken;
      for (int i = 0; i < 3; i++) {
        assertThrows(
            StoreFullException.class, () -> store.put(key(refused), value(refused, 5_000)));
        assertThrows(StoreFullException.class, () -> store.put(key(0), value(99, 5_000)));
        assertThrows(StoreFullException.class, () -> store.put(key(0), value(99, 100_000)));
        assertThrows(StoreFullException.class, () -> store.delete(key(0)));
      }
      StoreFixture.assertAll(store, 0, taken, 5_000);
      assertNull(store.get(key(refused)));
      assertEquals(taken, store.stats().keys());
      assertEquals(taken, store.stats().puts());
      assertNull(store.stats().failure());
      assertTrue(store.stats().diskBytes() <= BOUND);
    }
    assertTrue(segmentBytes() <= BOUND, () -> "the bound is kept");
    try (BlobStore store = open()) {
      StoreFixture.assertAll(store, 0, taken, 5_000);
      assertEquals(taken, store.stats().keys());
    }
  }

  @Test
  void everythingCanBeSyncedThoughNothingMoreIsTaken() {
    SimulatedDisk crashed;
    int taken;
    try (BlobStore store = open()) {
      taken = fill(store, 5_000);
      store.sync();
      store.sync();
      crashed = disk.afterCrash(Survival.NONE, 1);
    }
    try (BlobStore store = StoreFixture.open(crashed, OPTIONS)) {
      StoreFixture.assertAll(store, 0, taken, 5_000);
    }
  }

  /** Every opening begins a slab. */
  @Test
  void openingAndClosingAgainAndAgainDoesNotOutgrowTheBound() throws IOException {
    try (BlobStore store = open()) {
      fill(store, 5_000);
    }
    for (int i = 0; i < 20; i++) {
      try (BlobStore store = open()) {
        store.put(key(1_000 + i), value(i, 60_000));
      } catch (StoreFullException e) {
        // just as well
      }
    }
    long taken = segmentBytes();
    assertTrue(taken <= BOUND + SEGMENT, () -> taken + " of " + BOUND + " are taken");
  }

  @Test
  void largeValuesCountToo() throws IOException {
    try (BlobStore store = open()) {
      store.put(key(1), value(1, 200_000));
      assertThrows(StoreFullException.class, () -> store.put(key(2), value(2, 300_000)));
      store.put(key(2), value(2, 150_000));
      assertThrows(StoreFullException.class, () -> store.put(key(1), value(3, 200_000)));
      assertArrayEquals(value(1, 200_000), store.get(key(1)));
      assertArrayEquals(value(2, 150_000), store.get(key(2)));
      assertNull(store.stats().failure());
    }
    assertTrue(segmentBytes() <= BOUND);
  }

  @Test
  void largeValuesOnTheirWayAtTheSameTimeKeepTheBoundTogether() throws IOException {
    Gate gate = new Gate();
    BlobStore store =
        BlobStore.open(
            ROOT,
            OPTIONS,
            TestStores.threaded(
                gate.before(
                    disk,
                    (operation, path) ->
                        operation == Operation.FORCE
                            && path.toString().matches(".*/segments/.*tmp"))));
    CompletableFuture<Void> first =
        CompletableFuture.runAsync(() -> store.put(key(1), value(1, 250_000)), THREADS);
    gate.awaitArrival();
    List<CompletableFuture<Boolean>> others = new ArrayList<>();
    for (int i = 2; i < 5; i++) {
      int number = i;
      others.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  store.put(key(number), value(number, 250_000));
                  return true;
                } catch (StoreFullException e) {
                  return false;
                }
              },
              THREADS));
    }
    CompletableFuture.anyOf(others.toArray(CompletableFuture<?>[]::new)).join();
    gate.open();
    first.join();
    others.forEach(CompletableFuture::join);
    store.close();
    assertTrue(segmentBytes() <= BOUND, () -> "all together are within the bound");
  }

  /** Holds up the flusher after a slab became a file, and before the memtable is told. */
  @Test
  void aSlabThatIsJustBecomingAFileIsCountedOnce() {
    Gate gate = new Gate();
    AtomicInteger hashed = new AtomicInteger();
    byte[] tombstone = key("tombstone");
    Thread caller = Thread.currentThread();
    Environment threaded = TestStores.threaded(disk);
    Environment environment =
        new Environment(
            disk,
            seed -> {
              Xxh3KeyHash hasher = new Xxh3KeyHash(seed);
              return (key, hash) -> {
                boolean inBackground = Thread.currentThread() != caller;
                if (inBackground
                    && Arrays.equals(key, tombstone)
                    && hashed.incrementAndGet() == 3) {
                  gate.pass(); // put and tombstone in the footer, then the tombstone once more
                }
                hasher.hash(key, hash);
              };
            },
            threaded.background());
    BlobStoreOptions options = OPTIONS.toBuilder().maxBytes(4L * SEGMENT).slabs(4).build();
    try (BlobStore store = BlobStore.open(ROOT, options, environment)) {
      putAll(store, 0, 7, 10_000);
      store.sync(); // the first segment
      store.put(tombstone, value(1, 100));
      store.delete(tombstone);
      putAll(store, 10, 18, 10_000); // fills the second, which the flusher is now busy with
      gate.awaitArrival();
      putAll(store, 20, 27, 10_000); // the third, and the first record of the fourth
      gate.open();
      StoreFixture.assertAll(store, 20, 27, 10_000);
    }
  }
}
