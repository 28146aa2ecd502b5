package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Writes of one key that become readable in another order than that of their sequence numbers: the
 * highest wins, and what was deleted stays deleted.
 */
class TombstoneTest {

  private static final byte[] KEY = key("the key");

  private final SimulatedDisk disk = new SimulatedDisk(1);

  /** Holds up one writer of the key, when its record is complete and before readers see it. */
  private final Gate unpublished = new Gate();

  private volatile @Nullable Thread writer;

  /** How often the writer hashes the key until it publishes its record, that time included. */
  private final AtomicInteger hashesToCome = new AtomicInteger();

  private BlobStore open(StoreMode mode, Disk on) {
    Environment threaded = TestStores.threaded(on);
    return BlobStore.open(
        ROOT,
        StoreFixture.options(mode).toBuilder().slabs(3).build(),
        new Environment(
            on,
            seed -> {
              Xxh3KeyHash hasher = new Xxh3KeyHash(seed);
              return (key, hash) -> {
                if (Thread.currentThread() == writer
                    && Arrays.equals(key, KEY)
                    && hashesToCome.decrementAndGet() == 0) {
                  unpublished.pass();
                }
                hasher.hash(key, hash);
              };
            },
            threaded.background()));
  }

  /** Begins a write, and returns when it is held up. */
  private CompletableFuture<Void> heldUp(int hashes, Runnable write) {
    hashesToCome.set(hashes);
    CompletableFuture<Void> done =
        CompletableFuture.runAsync(
            () -> {
              writer = Thread.currentThread();
              write.run();
              writer = null;
            });
    unpublished.awaitArrival();
    return done;
  }

  /** Fills some slabs, and has them flushed and swept. */
  private static void rotate(BlobStore store, int from) {
    putAll(store, from, from + 40, 10_000);
    store.sync();
    putAll(store, from + 40, from + 80, 10_000);
  }

  private void assertAfterReopening(StoreMode mode, byte @Nullable [] expected) {
    for (int i = 0; i < 2; i++) {
      try (BlobStore store = StoreFixture.open(disk, StoreFixture.options(mode))) {
        assertArrayEquals(expected, store.get(KEY));
        StoreInvariants.check(store);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"DURABLE,0", "DURABLE,1", "CACHE,0", "CACHE,1"})
  void aPutThatADeleteOvertookDoesNotBringItsKeyBack(StoreMode mode, int rotations) {
    try (BlobStore store = open(mode, disk)) {
      store.put(KEY, value(1, 100));
      CompletableFuture<Void> late = heldUp(2, () -> store.put(KEY, value(2, 100)));
      assertTrue(store.delete(KEY));
      for (int i = 0; i < rotations; i++) {
        rotate(store, 100 * i);
      }
      assertNull(store.get(KEY));
      unpublished.open();
      late.join();
      assertNull(store.get(KEY));
      assertFalse(store.delete(KEY));
      rotate(store, 1_000);
      assertNull(store.get(KEY));
      StoreInvariants.check(store);
    }
    assertAfterReopening(mode, null);
  }

  @ParameterizedTest
  @CsvSource({"DURABLE,0", "DURABLE,1", "CACHE,0", "CACHE,1"})
  void aPutThatANewerOneOvertookDoesNotReplaceIt(StoreMode mode, int rotations) {
    try (BlobStore store = open(mode, disk)) {
      CompletableFuture<Void> late = heldUp(2, () -> store.put(KEY, value(1, 100)));
      store.put(KEY, value(2, 100));
      for (int i = 0; i < rotations; i++) {
        rotate(store, 100 * i);
      }
      unpublished.open();
      late.join();
      assertArrayEquals(value(2, 100), store.get(KEY));
      StoreInvariants.check(store);
    }
    assertAfterReopening(mode, value(2, 100));
  }

  @ParameterizedTest
  @CsvSource({"DURABLE,0", "DURABLE,1", "CACHE,0", "CACHE,1"})
  void aDeleteThatAPutOvertookDoesNotTakeTheNewValue(StoreMode mode, int rotations) {
    try (BlobStore store = open(mode, disk)) {
      store.put(KEY, value(1, 100));
      // a delete first looks whether there is something to delete
      AtomicBoolean found = new AtomicBoolean();
      CompletableFuture<Void> late = heldUp(3, () -> found.set(store.delete(KEY)));
      store.put(KEY, value(2, 100));
      for (int i = 0; i < rotations; i++) {
        rotate(store, 100 * i);
      }
      unpublished.open();
      late.join();
      assertTrue(found.get(), "there was a value all the time");
      assertArrayEquals(value(2, 100), store.get(KEY));
      StoreInvariants.check(store);
    }
    assertAfterReopening(mode, value(2, 100));
  }

  @ParameterizedTest
  @EnumSource
  void ofTwoDeletesThatMeetOneTookTheValue(StoreMode mode) {
    try (BlobStore store = open(mode, disk)) {
      store.put(KEY, value(1, 100));
      AtomicBoolean first = new AtomicBoolean();
      CompletableFuture<Void> late = heldUp(3, () -> first.set(store.delete(KEY)));
      boolean second = store.delete(KEY);
      unpublished.open();
      late.join();
      assertTrue(first.get() ^ second, "one of them found a value");
      assertEquals(1, store.stats().deletes());
      assertNull(store.get(KEY));
    }
    assertAfterReopening(mode, null);
  }

  private static boolean forcesLargeValue(Operation operation, Path path) {
    return operation == Operation.FORCE && path.toString().matches(".*/segments/.*tmp");
  }

  /** The large value has its sequence number from a slab that was sealed long ago. */
  @ParameterizedTest
  @EnumSource
  void aLargeValueThatADeleteOvertookDoesNotComeBackHoweverManySlabsWentBy(StoreMode mode) {
    Gate gate = new Gate();
    AtomicBoolean large = new AtomicBoolean();
    Disk gated =
        gate.before(
            disk,
            (operation, path) ->
                forcesLargeValue(operation, path) && large.compareAndSet(true, false));
    try (BlobStore store =
        BlobStore.open(
            ROOT,
            StoreFixture.options(mode).toBuilder().slabs(3).build(),
            TestStores.threaded(gated))) {
      store.put(KEY, value(1, 100));
      large.set(true);
      CompletableFuture<Void> late =
          CompletableFuture.runAsync(() -> store.put(KEY, value(2, 300_000)));
      gate.awaitArrival();
      assertTrue(store.delete(KEY));
      rotate(store, 0);
      rotate(store, 100);
      assertTrue(store.directory().index().tombstones() > 0, "it is still needed");
      gate.open();
      late.join();
      assertNull(store.get(KEY));
      rotate(store, 200);
      assertNull(store.get(KEY));
      StoreInvariants.check(store);
    }
    assertAfterReopening(mode, null);
  }

  @ParameterizedTest
  @EnumSource
  void aTombstoneLeavesTheIndexWhenNothingOlderCanCome(StoreMode mode) {
    try (BlobStore store = StoreFixture.open(disk, StoreFixture.options(mode))) {
      for (int i = 0; i < 200; i++) {
        store.put(key(i), value(i, 300));
        assertTrue(store.delete(key(i)));
      }
      putAll(store, 1_000, 1_020, 10_000);
      assertEquals(0, store.directory().index().tombstones());
      assertEquals(20, store.directory().index().size());
      for (int i = 0; i < 200; i++) {
        assertNull(store.get(key(i)));
      }
    }
    try (BlobStore store = StoreFixture.open(disk, StoreFixture.options(mode))) {
      assertEquals(0, store.directory().index().tombstones());
      assertEquals(20, store.stats().keys());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Survival.class,
      names = {"ALL", "NONE", "RANDOM"})
  void aDeleteThatWasAcknowledgedHoldsAfterACrash(Survival survival) {
    SimulatedDisk crashed;
    try (BlobStore store = StoreFixture.open(disk, StoreFixture.DURABLE)) {
      store.put(KEY, value(1, 100_000));
      putAll(store, 0, 20, 10_000);
      store.put(KEY, value(2, 100));
      assertTrue(store.delete(KEY));
      crashed = disk.afterCrash(survival, 1);
    }
    try (BlobStore store = StoreFixture.open(crashed, StoreFixture.DURABLE)) {
      assertNull(store.get(KEY));
      assertFalse(store.contains(KEY));
      assertFalse(store.delete(KEY));
      StoreFixture.assertAll(store, 0, 20, 10_000);
    }
  }
}
