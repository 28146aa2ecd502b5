package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The room that is kept for deletes on a full disk, from its making to its making again. */
class ReserveTest {

  private static final long PLENTY = 1L << 40;
  private static final long BYTES = TestStores.SEGMENT_BYTES;
  private static final Path RESERVE = new StoreLayout(ROOT).reserve();
  private static final Path TEMPORARY = new StoreLayout(ROOT).reserveTemporary();

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private static BlobStore open(Disk on) {
    return StoreFixture.open(on, DURABLE);
  }

  /** Puts values until one is refused; returns how many were taken. */
  private static int fill(BlobStore store, int first, int length) {
    for (int i = first; ; i++) {
      try {
        store.put(key(i), value(i, length));
      } catch (StoreFullException e) {
        return i;
      }
    }
  }

  private static void deleteAll(BlobStore store, int to) {
    for (int i = 0; i < to; i++) {
      assertTrue(store.delete(key(i)), "key " + i);
      assertNull(store.get(key(i)));
    }
  }

  /** The last block of the log has room for some tombstones. */
  private void deleteUntilReleased(BlobStore store) throws IOException {
    for (int i = 0; disk.exists(RESERVE); i++) {
      assertTrue(store.delete(key(i)));
    }
  }

  @Test
  void aDurableStoreMakesItWithRealBytesAndKeepsIt() throws IOException {
    open(disk).close();
    assertEquals(BYTES, disk.size(RESERVE));
    SimulatedDisk crashed = disk.afterCrash(Survival.NONE, 1);
    long calls = crashed.ioCalls();
    BlobStore store = open(crashed);
    assertEquals(BYTES, crashed.size(RESERVE));
    store.close();
    assertTrue(
        crashed.history().stream().noneMatch(call -> call.contains("RESERVE")),
        "it is not written again");
    assertTrue(crashed.ioCalls() > calls);
  }

  @Test
  void aCacheHasNone() throws IOException {
    StoreFixture.open(disk, StoreFixture.CACHE).close();
    assertFalse(disk.exists(RESERVE));
  }

  @Test
  void itIsMadeAnewForSegmentsOfAnotherSize() throws IOException {
    open(disk).close();
    BlobStoreOptions larger = DURABLE.toBuilder().segmentBytes(2 * (int) BYTES).build();
    StoreFixture.open(disk, larger).close();
    assertEquals(2 * BYTES, disk.size(RESERVE));
    open(disk).close();
    assertEquals(BYTES, disk.size(RESERVE));
  }

  @Test
  void whatAnInterruptedMakingLeftBehindIsRemoved() throws IOException {
    open(disk).close();
    disk.delete(RESERVE);
    disk.create(TEMPORARY).close();
    open(disk).close();
    assertEquals(BYTES, disk.size(RESERVE));
    assertFalse(disk.exists(TEMPORARY));
  }

  /**
   * Values small and large, so that logs end anywhere in a block and in a segment. What the marks
   * of commits take is no garbage here: compaction may use the reserve as well.
   */
  @Test
  void onAFullDiskEveryKeyCanBeReadAndDeletedAndAfterwardsPutsAreTakenAgain() throws IOException {
    for (int length : new int[] {0, 100, 3_000, 9_000, 30_000}) {
      SimulatedDisk full = new SimulatedDisk(length);
      BlobStoreOptions lax = DURABLE.toBuilder().maxGarbageShare(0.6).build();
      try (BlobStore store = StoreFixture.open(full, lax)) {
        full.capacity(full.usedSpace() + 8 * BYTES + length);
        int taken = fill(store, 0, length);
        assertEquals(BYTES, full.size(RESERVE), "puts leave it alone");
        for (int i = 0; i < 5; i++) {
          assertThrows(StoreFullException.class, () -> store.put(key(0), value(77, length + 500)));
        }
        StoreFixture.assertAll(store, 0, taken, length);
        int deleted = Math.min(taken, 200);
        deleteAll(store, deleted);
        StoreFixture.assertAll(store, deleted, taken, length);
        assertNull(store.stats().failure());
        full.capacity(PLENTY);
        putAll(store, 0, 50, length);
        assertEquals(BYTES, full.size(RESERVE), "it is made again");
        StoreFixture.assertAll(store, 0, 50, length);
      } catch (BlobStoreException e) {
        throw new AssertionError("length " + length + " " + full.history(), e);
      }
      try (BlobStore store = open(full)) {
        StoreFixture.assertAll(store, 0, 50, length);
      }
    }
  }

  @Test
  void whileItIsReleasedEveryPutIsRefusedAndLeavesTheDiskAlone() throws IOException {
    try (BlobStore store = open(disk)) {
      disk.capacity(disk.usedSpace());
      assertThrows(StoreFullException.class, () -> store.put(key(1), value(1, 100)));
      disk.capacity(PLENTY);
      putAll(store, 0, 200, 100);
      disk.capacity(disk.usedSpace());
      deleteUntilReleased(store);
      long calls = disk.ioCalls();
      for (int i = 0; i < 100; i++) {
        assertThrows(StoreFullException.class, () -> store.put(key(5), value(9, 9_000)));
        assertThrows(StoreFullException.class, () -> store.put(key(5), value(9, 200_000)));
      }
      assertEquals(calls, disk.ioCalls());
      disk.capacity(disk.usedSpace() + 2 * BYTES - 1);
      assertThrows(StoreFullException.class, () -> store.put(key(5), value(9, 10)));
      assertFalse(disk.exists(RESERVE), "there is not enough room for both");
      disk.capacity(disk.usedSpace() + 2 * BYTES);
      store.put(key(5), value(9, 10));
      assertEquals(BYTES, disk.size(RESERVE));
    }
  }

  @Test
  void aMakingThatFindsTheDiskFullAfterAllLeavesNothingBehind() throws IOException {
    AtomicBoolean quota = new AtomicBoolean();
    for (Operation failing : List.of(Operation.WRITE, Operation.FORCE, Operation.RENAME)) {
      SimulatedDisk simulated = new SimulatedDisk(1);
      Disk limited =
          new FaultyDisk(
              simulated,
              (operation, path) ->
                  quota.get() && operation == failing && path.equals(TEMPORARY)
                      ? new DiskFullException(path + ": over quota")
                      : null);
      quota.set(true);
      try (BlobStore store = open(limited)) {
        assertFalse(simulated.exists(RESERVE));
        assertFalse(simulated.exists(TEMPORARY));
        assertThrows(StoreFullException.class, () -> store.put(key(1), value(1, 10)));
        assertNull(store.stats().failure());
      }
      quota.set(false);
      try (BlobStore store = open(limited)) {
        store.put(key(1), value(1, 10));
      }
      assertEquals(List.of(), simulated.openHandles());
    }
  }

  @Test
  void aStoreOpensOnAFullDiskThoughALogIsToBePromoted() throws IOException {
    BlobStore store = open(disk);
    putAll(store, 0, 200, 100);
    SimulatedDisk crashed = disk.afterCrash(Survival.ALL, 1);
    store.close();
    crashed.capacity(crashed.usedSpace());
    try (BlobStore opened = open(crashed)) {
      assertFalse(crashed.exists(RESERVE));
      StoreFixture.assertAll(opened, 0, 200, 100);
      deleteAll(opened, 100);
      StoreFixture.assertAll(opened, 100, 200, 100);
      crashed.capacity(PLENTY);
      opened.put(key(1), value(1, 100));
    }
    assertEquals(List.of(), crashed.openHandles());
  }

  /** A delete in a batch of puts is refused with them, and then done in the reserve's room. */
  @Test
  void deletesThatShareABatchWithPutsOnAFullDiskAreDone() throws Exception {
    for (int round = 0; round < 20; round++) {
      SimulatedDisk full = new SimulatedDisk(round);
      try (BlobStore store = BlobStore.open(ROOT, DURABLE, TestStores.threaded(full))) {
        putAll(store, 0, 12, 1_000);
        full.capacity(full.usedSpace());
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          int first = 2 * i;
          threads.add(
              CompletableFuture.runAsync(
                  () -> {
                    for (int key = first; key < first + 2; key++) {
                      int number = key;
                      tryPut(store, 100 + number);
                      assertTrue(store.delete(key(number)));
                    }
                  },
                  task -> new Thread(task).start()));
        }
        for (CompletableFuture<Void> thread : threads) {
          thread.get(120, TimeUnit.SECONDS);
        }
        full.capacity(PLENTY);
      }
      try (BlobStore store = open(full)) {
        for (int i = 0; i < 12; i++) {
          assertNull(store.get(key(i)));
        }
      }
    }
  }

  /** A put that was under way before the reserve was released may still be taken. */
  private static void tryPut(BlobStore store, int number) {
    try {
      store.put(key(number), value(1, 9_000));
    } catch (StoreFullException e) {
      // as most of them
    }
  }

  // ---- crashes ----

  /** Opens, fills the disk, deletes, and goes on when there is room. */
  private static final class Cycle {

    private final SimulatedDisk disk;
    private final boolean[] there = new boolean[12];
    private int inFlight = -1;

    Cycle(SimulatedDisk disk) {
      this.disk = disk;
    }

    void run() {
      try (BlobStore store = open(disk)) {
        for (int i = 0; i < 8; i++) {
          put(store, i);
        }
        disk.capacity(disk.usedSpace());
        refuse(store);
        for (int i = 0; i < 4; i++) {
          inFlight = i;
          store.delete(key(i));
          there[i] = false;
        }
        inFlight = -1;
        disk.capacity(PLENTY);
        put(store, 8);
      }
    }

    private void refuse(BlobStore store) {
      try {
        store.put(key(11), value(11, 5_000));
        throw new AssertionError("there was room");
      } catch (StoreFullException e) {
        // as it should be; a crash goes on to the caller
      }
    }

    private void put(BlobStore store, int number) {
      inFlight = number;
      store.put(key(number), value(number, 3_000));
      there[number] = true;
      inFlight = -1;
    }

    void check(BlobStore store) {
      for (int i = 0; i < there.length; i++) {
        byte[] found = store.get(key(i));
        if (i != inFlight) {
          assertEquals(there[i], found != null, "key " + i);
        }
        if (found != null) {
          assertArrayEquals(value(i, 3_000), found);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Survival.class,
      names = {"ALL", "NONE", "RANDOM"})
  void aCrashAtAnyCallLosesNothingAndLeavesAReserveOrNone(Survival survival) throws IOException {
    SimulatedDisk counted = new SimulatedDisk(1);
    new Cycle(counted).run();
    for (long call = 1; call <= counted.ioCalls(); call++) {
      SimulatedDisk crashing = new SimulatedDisk(call);
      crashing.crashAt(call);
      Cycle cycle = new Cycle(crashing);
      assertThrows(SimulatedCrashException.class, cycle::run, "call " + call);
      SimulatedDisk after = crashing.afterCrash(survival, call);
      for (long capacity : new long[] {after.usedSpace(), PLENTY}) {
        after.capacity(capacity);
        try (BlobStore store = open(after)) {
          cycle.check(store);
        } catch (StoreFullException e) {
          assertTrue(capacity != PLENTY, "refused with room after a crash at call " + call);
        } catch (AssertionError | BlobStoreException e) {
          throw new AssertionError("call " + call + " of " + crashing.history(), e);
        }
      }
      assertEquals(BYTES, after.size(RESERVE));
      assertFalse(after.exists(TEMPORARY));
      assertEquals(List.of(), after.openHandles());
    }
  }

  // ---- off the caller's thread ----

  @Test
  void itIsMadeAgainInTheBackground() throws IOException {
    ManualExecutor background = new ManualExecutor();
    Environment environment = new Environment(disk, Xxh3KeyHash::new, () -> background);
    BlobStore store = BlobStore.open(ROOT, DURABLE, environment);
    putAll(store, 0, 200, 100);
    disk.capacity(disk.usedSpace());
    deleteUntilReleased(store);
    disk.capacity(PLENTY);
    assertThrows(StoreFullException.class, () -> store.put(key(1), value(1, 100)));
    assertFalse(disk.exists(RESERVE), "nobody waits for that");
    background.runAll();
    assertEquals(BYTES, disk.size(RESERVE));
    store.put(key(1), value(1, 100));
    background.runFromNowOn();
    store.close();
  }

  // ---- what a refusal says ----

  private static String refusal(BlobStore store) {
    StoreFullException refusal =
        assertThrows(StoreFullException.class, () -> store.put(key(1), value(1, 100)));
    return String.valueOf(refusal.getMessage());
  }

  @Test
  void aRefusalForWantOfItSaysWhatMakingItTakesAndThatIsTrue() throws IOException {
    disk.capacity(2 * BYTES);
    BlobStore store = open(disk);
    long usable = disk.usableSpace(ROOT);
    assertEquals(
        "the disk is full: "
            + RESERVE
            + " does not exist, and making it takes "
            + 2 * BYTES
            + " usable bytes, "
            + BYTES
            + " for the file and as many beside it, where the file system has "
            + usable
            + "; puts go on when "
            + (2 * BYTES - usable)
            + " bytes are freed",
        refusal(store));
    assertFalse(disk.exists(RESERVE));

    disk.capacity(2 * BYTES + (2 * BYTES - usable));
    store.put(key(1), value(1, 100)); // the background is the caller's thread
    assertEquals(BYTES, disk.size(RESERVE));
    store.close();
  }

  @Test
  void aRefusalWhileItIsBeingMadeSaysSo() throws IOException {
    ManualExecutor background = new ManualExecutor();
    disk.capacity(BYTES);
    BlobStore store =
        BlobStore.open(ROOT, DURABLE, new Environment(disk, Xxh3KeyHash::new, () -> background));
    disk.capacity(PLENTY);
    assertTrue(refusal(store).contains(RESERVE + " does not exist, and is being made now"));
    background.runFromNowOn();
    store.close();
  }

  @Test
  void aRefusalTellsWhyItCannotBeMadeOnADiskThatClaimsToHaveRoom() throws IOException {
    disk.capacity(BYTES);
    BlobStore store =
        open(
            new FaultyDisk(
                disk,
                (operation, path) ->
                    operation == Operation.CREATE && path.equals(TEMPORARY)
                        ? new DiskFullException("cannot create " + path + ": Disk quota exceeded")
                        : null));
    disk.capacity(PLENTY);
    String said = refusal(store);
    assertTrue(said.contains("cannot be made although the file system claims "), said);
    assertTrue(said.endsWith("Disk quota exceeded"), said);
    store.close();
  }
}
