package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A full disk: what was stored stays, what is refused never appears, and writing goes on when there
 * is room again.
 */
class FullDiskTest {

  private static final long PLENTY = 1L << 40;

  @SuppressWarnings("UnnecessaryLambda")
  private static final Supplier<IOException> FULL = () -> new DiskFullException("no space left");

  private static BlobStore open(SimulatedDisk disk, StoreMode mode) {
    return StoreFixture.open(disk, StoreFixture.options(mode));
  }

  private static void assertHolds(SimulatedDisk disk, int keys, int length, int refused) {
    try (BlobStore store = open(disk, StoreMode.DURABLE)) {
      StoreFixture.assertAll(store, 0, keys, length);
      assertNull(store.get(key(refused)), "a refused value has come back");
      assertEquals(keys, store.stats().keys());
    }
    assertEquals(List.of(), disk.openHandles());
  }

  /** Whatever part of it found room: the record is cut at every block and sector. */
  @Test
  void aRefusedPutIsGoneAfterACloseOnTheFullDiskAndAfterACrash() {
    for (int length = 3_800; length < 4_100; length += 24) {
      for (int room : new int[] {0, 512, 4_096}) {
        SimulatedDisk disk = new SimulatedDisk(length);
        BlobStore store = open(disk, StoreMode.DURABLE);
        putAll(store, 0, 1, 100);
        disk.capacity(disk.usedSpace() + room);
        boolean refused = false;
        try {
          store.put(key(9), value(9, length));
        } catch (StoreFullException e) {
          refused = true;
        }
        if (refused) {
          assertNull(store.get(key(9)));
          for (Survival survival : List.of(Survival.ALL, Survival.NONE)) {
            SimulatedDisk crashed = disk.afterCrash(survival, 1);
            crashed.capacity(PLENTY);
            assertHolds(crashed, 1, 100, 9);
          }
        }
        store.close();
        disk.capacity(PLENTY);
        if (refused) {
          assertHolds(disk, 1, 100, 9);
        }
      }
    }
  }

  @Test
  void aPutIsRefusedWithTheFileInTheMessageAndTheNextIsTakenWhenThereIsRoom() {
    SimulatedDisk disk = new SimulatedDisk(1);
    try (BlobStore store = open(disk, StoreMode.DURABLE)) {
      putAll(store, 0, 5, 3_000);
      disk.capacity(disk.usedSpace());
      for (int i = 0; i < 3; i++) {
        int number = 10 + i;
        var e =
            assertThrows(
                StoreFullException.class, () -> store.put(key(number), value(number, 9_000)));
        assertTrue(e.getMessage().contains(ROOT + "/wal/0000000001.wal"), e.getMessage());
        assertNull(store.get(key(number)));
      }
      assertThrows(StoreFullException.class, () -> store.put(key(2), value(99, 9_000)));
      StoreFixture.assertAll(store, 0, 5, 3_000);
      assertNull(store.stats().failure());
      assertEquals(5, store.stats().puts());
      disk.capacity(PLENTY);
      store.put(key(5), value(5, 3_000));
    }
    assertHolds(disk, 6, 3_000, 10);
  }

  @Test
  void aStoreOnAFullDiskCanBeReadAgainWhenThereIsRoom() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = open(disk, StoreMode.DURABLE);
    putAll(store, 0, 5, 3_000);
    disk.capacity(disk.usedSpace());
    SimulatedDisk crashed = disk.afterCrash(Survival.NONE, 1);
    store.close();
    for (SimulatedDisk full : List.of(disk, crashed)) {
      try {
        open(full, StoreMode.DURABLE).close();
      } catch (StoreFullException e) {
        assertTrue(e.getMessage().contains("0000000001"), e.getMessage());
      }
      assertEquals(List.of(), full.openHandles());
      full.capacity(PLENTY);
      assertHolds(full, 5, 3_000, 9);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRefusedLargeValueLeavesNothingBehind(StoreMode mode) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    try (BlobStore store = open(disk, mode)) {
      putAll(store, 0, 3, 200_000);
      long used = disk.usedSpace();
      for (long room = 0; room < 204_800; room += 40_960) {
        disk.capacity(used + room);
        var e = assertThrows(StoreFullException.class, () -> store.put(key(1), value(9, 200_000)));
        assertTrue(e.getMessage().contains(ROOT + "/segments/"), e.getMessage());
        assertEquals(used, disk.usedSpace(), "no temporary file is left");
        StoreFixture.assertAll(store, 0, 3, 200_000);
      }
      disk.capacity(PLENTY);
      store.put(key(3), value(3, 200_000));
    }
    try (BlobStore store = open(disk, mode)) {
      StoreFixture.assertAll(store, 0, 4, 200_000);
    }
    assertEquals(4, disk.list(Path.of("/store/segments")).size());
  }

  @Test
  void aCacheRefusesWhenItsSlabsAreFullAndTakesMoreWhenThereIsRoom() {
    SimulatedDisk disk = new SimulatedDisk(1);
    int taken = 0;
    try (BlobStore store = open(disk, StoreMode.CACHE)) {
      disk.capacity(disk.usedSpace() + 10_000);
      try {
        for (; ; taken++) {
          store.put(key(taken), value(taken, 5_000));
        }
      } catch (StoreFullException e) {
        assertTrue(e.getMessage().contains(ROOT + "/segments/"), e.getMessage());
      }
      assertTrue(taken > 20, "two slabs' worth");
      int refused = taken;
      for (int i = 0; i < 3; i++) {
        assertThrows(
            StoreFullException.class, () -> store.put(key(refused), value(refused, 5_000)));
        assertThrows(StoreFullException.class, () -> store.delete(key(0)));
        assertThrows(StoreFullException.class, store::sync);
      }
      StoreFixture.assertAll(store, 0, taken, 5_000);
      assertNull(store.get(key(refused)));
      assertNull(store.stats().failure());
      disk.capacity(PLENTY);
      putAll(store, 50, 80, 5_000);
      store.sync();
    }
    try (BlobStore store = open(disk, StoreMode.CACHE)) {
      StoreFixture.assertAll(store, 0, taken, 5_000);
      StoreFixture.assertAll(store, 50, 80, 5_000);
      assertEquals(taken + 30, store.stats().keys());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  @Timeout(120)
  void aCacheWhoseBoundIsTakenByWhatIsNotOnDiskRefusesToo(int slabs) {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStoreOptions options =
        TestStores.small(StoreMode.CACHE).toBuilder()
            .slabs(slabs)
            .maxBytes(4L * TestStores.SEGMENT_BYTES)
            .build();
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.threaded(disk))) {
      disk.capacity(disk.usedSpace() + 20_000);
      assertThrows(StoreFullException.class, () -> putAll(store, 0, 100, 20_000));
      disk.capacity(PLENTY);
      putAll(store, 100, 200, 20_000);
      assertArrayEquals(value(199, 20_000), store.get(key(199)));
    }
  }

  @Test
  void aFlushFromBeforeThereWasRoomRefusesNobody() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Gate gate = new Gate();
    AtomicInteger writes = new AtomicInteger();
    Disk fullAtFirst =
        new FaultyDisk(
            disk,
            (operation, path) -> {
              if (operation != Operation.WRITE
                  || !path.toString().endsWith(".tmp")
                  || path.endsWith("STORE.tmp")
                  || writes.getAndIncrement() > 0) {
                return null;
              }
              gate.pass(); // it has looked, and is slow to say so
              return FULL.get();
            });
    BlobStoreOptions options = TestStores.small(StoreMode.CACHE);
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.threaded(fullAtFirst))) {
      putAll(store, 0, 4, 20_000); // more than a slab
      gate.awaitArrival();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread writer = new Thread(() -> putAll(store, 4, 9, 20_000));
      writer.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
      writer.start();
      while (writer.getState() != Thread.State.WAITING) { // for the memory of a slab
        assertTrue(writer.isAlive(), () -> "did not wait: " + failure.get());
        Thread.onSpinWait();
      }
      gate.open();
      writer.join();
      assertNull(failure.get());
      StoreFixture.assertAll(store, 0, 9, 20_000);
    }
  }

  @Test
  void aFullDiskCostsACacheLittleAlsoIfABlobKeepsAFile() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStoreOptions options =
        TestStores.small(StoreMode.CACHE).toBuilder()
            .slabs(3)
            .maxBytes(100L * TestStores.SEGMENT_BYTES)
            .build();
    try (BlobStore store = StoreFixture.open(disk, options)) {
      store.put(key(0), value(0, 60_000));
      putAll(store, 1, 60, 15_000);
    }
    try (BlobStore store = StoreFixture.open(disk, options);
        Blob blob = store.view(key(0))) {
      store.delete(key(0));
      putAll(store, 60, 120, 15_000);
      store.sync();
      disk.capacity(disk.usedSpace());
      putAll(store, 1_000, 1_008, 15_000);
      store.sync();
      assertTrue(store.stats().evictions() <= 16, () -> store.stats().evictions() + " evicted");
      assertNotNull(blob);
    }
  }

  @Test
  void aCacheThatFindsNoRoomOnCloseSaysSoAndLetsGoOfEverything() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = open(disk, StoreMode.CACHE);
    putAll(store, 0, 5, 5_000);
    disk.capacity(disk.usedSpace());
    assertThrows(StoreFullException.class, store::close);
    assertEquals(List.of(), disk.openHandles());
    store.close();
    disk.capacity(PLENTY);
    open(disk, StoreMode.CACHE).close();
  }

  /**
   * Does the history, with refusals allowed, and evictions in a cache; returns the operations that
   * were refused.
   */
  private static List<Integer> run(BlobStore store, FaultHistory history) {
    List<Integer> refused = new ArrayList<>();
    for (int operation : FaultHistory.operations()) {
      forgetEvicted(store, history);
      try {
        history.run(store, operation);
      } catch (StoreFullException e) {
        refused.add(operation);
        forgetEvicted(store, history);
        history.check(store, "after operation " + operation + " was refused");
      }
      String failure = store.stats().failure();
      if (failure != null) {
        throw new StoreFailedException("after operation " + operation + ": " + failure);
      }
    }
    return refused;
  }

  private static void forgetEvicted(BlobStore store, FaultHistory history) {
    if (store.stats().mode() == StoreMode.CACHE) {
      history.forgetEvicted(store);
    }
  }

  /**
   * Whether that is what failed last. It takes no space, and is a failure like any other: what a
   * failed sync of a directory was to make durable, a later one need not.
   */
  private static boolean failedToSyncADirectory(SimulatedDisk disk) {
    return disk.history().stream()
        .anyMatch(call -> call.contains("sync directory") && call.endsWith("FAILED"));
  }

  /** How many calls the history makes when all goes well. */
  private static long calls(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(1);
    try (BlobStore store = open(disk, mode)) {
      long before = disk.ioCalls();
      run(store, new FaultHistory());
      return disk.ioCalls() - before;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whateverCallFindsTheDiskFullNothingIsLostAndNothingRefusedAppears(StoreMode mode) {
    for (long call = 1; call <= calls(mode); call++) {
      SimulatedDisk disk = new SimulatedDisk(call);
      FaultHistory history = new FaultHistory();
      try (BlobStore store = open(disk, mode)) {
        disk.failAt(disk.ioCalls() + call, FULL);
        run(store, history);
        forgetEvicted(store, history);
        history.check(store, "call " + call + " failed");
      } catch (StoreFailedException e) {
        assertTrue(failedToSyncADirectory(disk), () -> "call failed for good: " + e);
        continue;
      } catch (AssertionError | BlobStoreException e) {
        throw new AssertionError("call " + call + " of " + disk.history(), e);
      }
      assertHolds(disk, mode, history, "reopened after call " + call + " failed");
    }
  }

  private static void assertHolds(
      SimulatedDisk disk, StoreMode mode, FaultHistory history, String when) {
    try (BlobStore store = open(disk, mode)) {
      history.check(store, when);
    } catch (AssertionError | BlobStoreException e) {
      throw new AssertionError(when + ": " + disk.history(), e);
    }
    assertEquals(List.of(), disk.openHandles());
  }

  @ParameterizedTest
  @EnumSource
  void whileTheDiskIsFullReadsGoOnAndAfterwardsWritesDo(StoreMode mode) {
    for (int operation : FaultHistory.operations()) {
      for (long room = 0; room <= 60 << 10; room += 30 << 10) {
        SimulatedDisk disk = new SimulatedDisk(operation);
        FaultHistory history = new FaultHistory();
        try (BlobStore store = open(disk, mode)) {
          for (int i = 0; i < operation; i++) {
            history.run(store, i);
          }
          disk.capacity(disk.usedSpace() + room);
          run(store, history);
          disk.capacity(PLENTY);
          forgetEvicted(store, history);
          history.check(store, "before anything else is put");
          assertEquals(List.of(), run(store, history));
          history.check(store, "since there is room");
        } catch (AssertionError | BlobStoreException e) {
          throw new AssertionError("full at " + operation + ", " + disk.history(), e);
        }
        assertHolds(disk, mode, history, "reopened after it was full at " + operation);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Survival.class,
      names = {"ALL", "NONE", "TORN"})
  void whatWasRefusedIsNotThereAfterACrashEither(Survival survival) {
    for (long call = 1; call <= calls(StoreMode.DURABLE); call++) {
      SimulatedDisk disk = new SimulatedDisk(call);
      FaultHistory history = new FaultHistory();
      BlobStore store = open(disk, StoreMode.DURABLE);
      disk.failAt(disk.ioCalls() + call, FULL);
      for (int operation : FaultHistory.operations()) {
        try {
          history.run(store, operation);
        } catch (StoreFullException e) {
          assertHolds(
              disk.afterCrash(survival, call),
              StoreMode.DURABLE,
              history,
              "call " + call + " failed in operation " + operation);
          break;
        } catch (StoreFailedException e) {
          break; // another test's matter
        }
      }
      try {
        store.close();
      } catch (StoreFailedException e) {
        // likewise
      }
    }
  }

  @Test
  void anArrayGivenToARefusedPutIsNotUsedAfterwards() {
    SimulatedDisk disk = new SimulatedDisk(1);
    try (BlobStore store = open(disk, StoreMode.DURABLE)) {
      store.put(key(1), value(1, 10_000));
      disk.capacity(disk.usedSpace());
      byte[] array = value(2, 10_000);
      assertThrows(StoreFullException.class, () -> store.put(key(1), array));
      array[0]++;
      disk.capacity(PLENTY);
      store.put(key(2), value(2, 10_000));
      assertArrayEquals(value(1, 10_000), store.get(key(1)));
      assertArrayEquals(value(2, 10_000), store.get(key(2)));
    }
  }
}
