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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Puts keys up to a number; each is taken, can be read, and leaves the cache in its bound. */
  private void fill(BlobStore store, int from, int to, int length) throws IOException {
    for (int i = from; i < to; i++) {
      store.put(key(i), value(i, length));
      assertArrayEquals(value(i, length), store.get(key(i)));
      assertBound(BOUND);
    }
  }

  private void assertBound(long bound) throws IOException {
    long taken = segmentBytes();
    assertTrue(taken <= bound, () -> taken + " of " + bound + " are taken");
  }

  private static int countPresent(BlobStore store, int to, int length) {
    int present = 0;
    for (int i = 0; i < to; i++) {
      byte[] found = store.get(key(i));
      if (found != null) {
        assertArrayEquals(value(i, length), found);
        present++;
      }
    }
    return present;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100, 1_000, 5_000, 20_000, 40_000, 65_000})
  void putsOfAnySizeAreTakenForEverAndTheBoundIsKeptAtEveryOne(int length) throws IOException {
    int puts = (int) Math.min(20_000, 4 * BOUND / (length + 40));
    try (BlobStore store = open()) {
      fill(store, 0, puts, length);
      long evictions = store.stats().evictions();
      assertTrue(evictions > 0);
      int present = countPresent(store, puts, length);
      assertEquals(puts - evictions, present, "who is missing was evicted");
      assertEquals(present, store.stats().keys());
      assertTrue(store.stats().liveBytes() <= OPTIONS.capacityBytes());
      StoreInvariants.check(store, disk, ROOT);
    }
    assertBound(BOUND);
  }

  @Test
  void mostOfTheCapacityIsUsedWhenThereIsLittleGarbage() throws IOException {
    try (BlobStore store = open()) {
      fill(store, 0, 1_000, 1_000);
      assertTrue(
          store.stats().liveBytes() > OPTIONS.capacityBytes() * 3 / 4,
          () -> store.stats().liveBytes() + " of " + OPTIONS.capacityBytes() + " are live");
    }
  }

  @Test
  void deletesAndOverwritesAreTakenAtTheBound() throws IOException {
    try (BlobStore store = open()) {
      fill(store, 0, 300, 3_000);
      for (int i = 0; i < 300; i++) {
        store.delete(key(i));
        assertNull(store.get(key(i)));
        store.put(key(i / 3), value(i / 3, 3_000));
        assertBound(BOUND);
      }
      StoreInvariants.check(store, disk, ROOT);
    }
  }

  /** What is dead goes before what is live. */
  @Test
  void overwritingTheSameKeysEvictsNothing() throws IOException {
    try (BlobStore store = open()) {
      for (int round = 0; round < 30; round++) {
        fill(store, 0, 30, 2_000);
      }
      assertEquals(0, store.stats().evictions());
      StoreFixture.assertAll(store, 0, 30, 2_000);
      assertTrue(store.stats().segmentsCompacted() > 0);
    }
  }

  @Test
  void whatIsReadAgainAndAgainStays() throws IOException {
    try (BlobStore store = open()) {
      for (int i = 0; i < 1_000; i++) {
        putAll(store, i, i + 1, 2_000);
        assertArrayEquals(value(0, 2_000), store.get(key(0)), "read all the time");
      }
      assertTrue(store.stats().evictions() > 800);
    }
  }

  @Test
  void everythingCanBeSyncedAtTheBound() throws IOException {
    SimulatedDisk crashed;
    List<Integer> present = new ArrayList<>();
    try (BlobStore store = open()) {
      fill(store, 0, 400, 5_000);
      store.sync();
      store.sync();
      for (int i = 0; i < 400; i++) {
        if (store.contains(key(i))) {
          present.add(i);
        }
      }
      crashed = disk.afterCrash(Survival.NONE, 1);
    }
    try (BlobStore store = StoreFixture.open(crashed, OPTIONS)) {
      for (int i : present) {
        assertArrayEquals(value(i, 5_000), store.get(key(i)), () -> "key " + i);
      }
    }
  }

  /** Every opening begins a slab. */
  @Test
  void openingAndClosingAgainAndAgainDoesNotOutgrowTheBound() throws IOException {
    try (BlobStore store = open()) {
      fill(store, 0, 100, 5_000);
    }
    for (int i = 0; i < 20; i++) {
      try (BlobStore store = open()) {
        assertBound(BOUND);
        fill(store, 1_000 + i, 1_001 + i, 60_000);
      }
      assertBound(BOUND);
    }
  }

  @Test
  void aSmallerBoundIsKeptFromTheFirstPutOn() throws IOException {
    BlobStoreOptions large = OPTIONS.toBuilder().maxBytes(20L * SEGMENT).build();
    try (BlobStore store = StoreFixture.open(disk, large)) {
      putAll(store, 0, 150, 5_000);
    }
    assertTrue(segmentBytes() > BOUND * 3 / 2);
    try (BlobStore store = open()) {
      fill(store, 1_000, 1_001, 5_000);
      assertTrue(store.stats().evictions() > 50);
      int present = countPresent(store, 150, 5_000);
      assertEquals(150 - store.stats().evictions(), present);
      assertTrue(present > 20, "no more is evicted than must be");
    }
    assertBound(BOUND);
  }

  @Test
  void largeValuesMakeRoomLikeOthers() throws IOException {
    try (BlobStore store = open()) {
      for (int i = 0; i < 20; i++) {
        int length = 80_000 + 10_000 * i;
        fill(store, i, i + 1, length);
        fill(store, 100 + i, 101 + i, 3_000);
      }
      assertNull(store.stats().failure());
      StoreInvariants.check(store, disk, ROOT);
    }
    assertBound(BOUND);
  }

  @Test
  void aValueThatCanNeverFitIsRefusedAndCostsNothing() throws IOException {
    try (BlobStore store = open()) {
      fill(store, 0, 20, 5_000);
      for (int length : new int[] {300_000, 400_000, 5_000_000}) {
        StoreFullException e =
            assertThrows(StoreFullException.class, () -> store.put(key(0), value(9, length)));
        assertTrue(e.getMessage().contains(Long.toString(BOUND)), e.getMessage());
      }
      StoreFixture.assertAll(store, 0, 20, 5_000);
      assertEquals(0, store.stats().evictions());
      fill(store, 20, 40, 5_000);
    }
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

  /** Tombstones are collected after a slab became a file, and before the memtable is told. */
  private static boolean isSweeping() {
    return Arrays.stream(Thread.currentThread().getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(TombstoneSweeper.class.getName()));
  }

  @Test
  @Timeout(120)
  void aSlabThatIsJustBecomingAFileIsCountedOnce() {
    Gate gate = new Gate();
    byte[] tombstone = key("tombstone");
    Environment threaded = TestStores.threaded(disk);
    Environment environment =
        new Environment(
            disk,
            seed -> {
              Xxh3KeyHash hasher = new Xxh3KeyHash(seed);
              return (key, hash) -> {
                if (Arrays.equals(key, tombstone) && isSweeping()) {
                  gate.pass();
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
      StoreFixture.assertAll(store, 20, 27, 10_000);
      gate.open();
    }
  }
}
