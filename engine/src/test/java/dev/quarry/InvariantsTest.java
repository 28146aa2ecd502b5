package dev.quarry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What must always be true, a test for each, in the order of ARCHITECTURE.md. Most are also what
 * the random histories of {@link DurableCrashTest} and {@link BlobStoreModelTest} look for.
 */
class InvariantsTest {

  /** With fewer, on a busy machine, none may come in between. */
  private static final int REBUILDS = 200;

  private static final int WRITERS = 4;
  private static final int PUTS = 10_000;

  private static final Path ROOT = Path.of("/store");
  private static final BlobStoreOptions DURABLE = TestStores.small(StoreMode.DURABLE);
  private static final BlobStoreOptions CACHE = TestStores.small(StoreMode.CACHE);

  @TempDir Path directory;

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** A fixed history that rotates, promotes, overwrites, deletes, and has a large value. */
  private static final class Fixed {

    final TreeMap<String, byte[]> acknowledged = new TreeMap<>();
    String pending = "";

    void run(Disk disk) {
      try (BlobStore store = BlobStore.open(ROOT, DURABLE, TestStores.inline(disk))) {
        for (int i = 0; i < 12; i++) {
          put(store, "k" + i % 5, new byte[100 + i * 1_900]);
          if (i % 4 == 3) {
            delete(store, "k" + i % 3);
          }
        }
        put(store, "large", new byte[70_000]);
        delete(store, "k4");
      }
      pending = "";
    }

    private void put(BlobStore store, String key, byte[] value) {
      pending = key;
      Arrays.fill(value, (byte) value.length);
      store.put(bytes(key), value);
      acknowledged.put(key, value);
    }

    private void delete(BlobStore store, String key) {
      pending = key;
      store.delete(bytes(key));
      acknowledged.remove(key);
    }

    /** Every key but that of the operation under way has what was acknowledged. */
    void check(SimulatedDisk disk, String where) {
      try (BlobStore store = BlobStore.open(ROOT, DURABLE, TestStores.inline(disk))) {
        for (String key : List.of("k0", "k1", "k2", "k3", "k4", "large")) {
          byte[] found = store.get(bytes(key));
          if (!key.equals(pending)) {
            assertArrayEquals(acknowledged.get(key), found, where + ", " + key);
          }
        }
        StoreInvariants.check(store);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = Survival.class)
  void invariant01AcknowledgedMeansDurable(Survival survival) {
    SimulatedDisk whole = new SimulatedDisk(1);
    new Fixed().run(whole);
    for (long call = 1; call <= whole.ioCalls(); call++) {
      SimulatedDisk disk = new SimulatedDisk(call);
      disk.crashAt(call);
      Fixed history = new Fixed();
      try {
        history.run(disk);
      } catch (SimulatedCrashException | StoreFailedException e) {
        // the power is off
      }
      history.check(disk.afterCrash(survival, call), "crash at call " + call);
    }
  }

  @Test
  void invariant02WhatAReaderHasSeenStays() throws Exception {
    CountDownLatch inForce = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean armed = new AtomicBoolean();
    SimulatedDisk simulated = new SimulatedDisk(1);
    Disk disk =
        new FaultyDisk(
            simulated,
            (operation, path) -> {
              if (operation == FaultyDisk.Operation.FORCE && armed.compareAndSet(true, false)) {
                inForce.countDown();
                awaitUninterruptibly(goOn);
              }
              return null;
            });
    try (BlobStore store = BlobStore.open(ROOT, DURABLE, TestStores.inline(disk))) {
      store.put(bytes("k"), bytes("old"));
      armed.set(true);
      Thread writer = new Thread(() -> store.put(bytes("k"), bytes("new")));
      writer.start();
      inForce.await();
      assertArrayEquals(bytes("old"), store.get(bytes("k")));
      goOn.countDown();
      writer.join();
      assertArrayEquals(bytes("new"), store.get(bytes("k")));
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    for (; ; ) {
      try {
        latch.await();
        return;
      } catch (InterruptedException e) {
        // nobody interrupts here
      }
    }
  }

  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void invariant03LatestWins(StoreMode mode) {
    BlobStoreOptions options = TestStores.small(mode);
    byte[] large = new byte[100_000];
    try (BlobStore store = BlobStore.open(directory, options)) {
      for (int i = 0; i < 200; i++) {
        store.put(bytes("k" + i % 7), new byte[i * 20]);
        store.put(bytes("large, then small"), i % 2 == 0 ? large : new byte[i]);
        if (i % 3 == 0) {
          store.delete(bytes("k" + i % 5));
        }
      }
      checkLatest(store);
    }
    try (BlobStore store = BlobStore.open(directory, options)) {
      checkLatest(store);
    }
  }

  private static void checkLatest(BlobStore store) {
    TreeMap<String, Integer> last = new TreeMap<>();
    for (int i = 0; i < 200; i++) {
      last.put("k" + i % 7, i * 20);
      if (i % 3 == 0) {
        last.remove("k" + i % 5);
      }
    }
    for (int i = 0; i < 7; i++) {
      byte[] found = store.get(bytes("k" + i));
      assertEquals(last.get("k" + i), found == null ? null : Integer.valueOf(found.length));
    }
    assertEquals(199, store.get(bytes("large, then small")).length);
  }

  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void invariant04DeletedStaysDeleted(StoreMode mode) {
    BlobStoreOptions options = TestStores.small(mode);
    try (BlobStore store = BlobStore.open(directory, options)) {
      store.put(bytes("gone"), new byte[50_000]);
      store.put(bytes("gone"), new byte[100_000]);
      assertTrue(store.delete(bytes("gone")));
    }
    for (int opening = 0; opening < 3; opening++) {
      try (BlobStore store = BlobStore.open(directory, options)) {
        assertNull(store.get(bytes("gone")));
        assertFalse(store.delete(bytes("gone")));
        store.put(bytes("other"), new byte[40_000]);
      }
    }
  }

  /** Nothing moves records yet; what it will have to rely on holds. */
  @Test
  void invariant05ARecordMovesOnlyWhileItIsStillTheNewest() {
    try (BlobStore store = BlobStore.open(directory, CACHE)) {
      store.put(bytes("k"), bytes("old"));
      long[] hash = new long[2];
      store.directory().hasher().hash(bytes("k"), hash);
      long old = store.directory().index().get(hash[0], hash[1]);
      store.put(bytes("k"), bytes("new"));
      long elsewhere = Location.pack(1_000, 64, false);
      assertFalse(store.directory().index().relocate(hash[0], hash[1], old, elsewhere));
      assertArrayEquals(bytes("new"), store.get(bytes("k")));
    }
  }

  @Test
  void invariant06TheBloomFilterHasNoFalseNegativesWhileItIsRebuilt() throws Exception {
    try (BlobStore store = BlobStore.open(directory, CACHE)) {
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger rebuilds = new AtomicInteger();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread rebuilder =
          new Thread(
              () -> {
                try {
                  while (!done.get()) {
                    store
                        .directory()
                        .bloom()
                        .rebuild(
                            10_000,
                            sink ->
                                store
                                    .directory()
                                    .index()
                                    .forEach(
                                        (low, high, location, length, visited) ->
                                            sink.accept(low, high)));
                    rebuilds.incrementAndGet();
                  }
                } catch (InterruptedException | RuntimeException e) {
                  failure.set(e);
                  rebuilds.set(REBUILDS);
                }
              });
      rebuilder.start();
      List<Thread> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        String prefix = "k" + writer + " ";
        writers.add(
            new Thread(
                () -> {
                  try {
                    for (int i = 0; i < PUTS || rebuilds.get() < REBUILDS; i++) {
                      store.put(bytes(prefix + i), new byte[8]);
                      assertNotNull(store.get(bytes(prefix + i)));
                      assertNotNull(store.get(bytes(prefix + i / 2)));
                    }
                  } catch (RuntimeException | Error e) {
                    failure.set(e);
                  }
                }));
      }
      writers.forEach(Thread::start);
      for (Thread writer : writers) {
        writer.join();
      }
      done.set(true);
      rebuilder.join();
      assertNull(failure.get());
      StoreInvariants.check(store);
    }
  }

  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void invariant07TheKeyIndexIsNeverTheTruth(StoreMode mode) throws IOException {
    BlobStoreOptions options = TestStores.small(mode);
    List<String> expected = new ArrayList<>();
    try (BlobStore store = BlobStore.open(directory, options)) {
      for (int i = 100; i < 400; i++) {
        store.put(bytes("k" + i), new byte[1_000]);
        if (i % 3 == 0) {
          store.delete(bytes("k" + i));
        } else {
          expected.add("k" + i);
        }
      }
      assertEquals(expected, list(store));
    }
    StoreFixture.delete(new StoreLayout(directory).keyIndex());
    try (BlobStore store = BlobStore.open(directory, options)) {
      assertEquals(expected, list(store));
    }
  }

  private static List<String> list(BlobStore store) {
    List<String> keys = new ArrayList<>();
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        keys.add(new String(cursor.key(), UTF_8));
      }
    }
    return keys;
  }

  @Test
  void invariant08RecoveryIsOneStartPathThatMayCrashAnywhere() {
    SimulatedDisk uncut = new SimulatedDisk(1);
    new Fixed().run(uncut);
    SimulatedDisk first = new SimulatedDisk(1);
    Fixed history = new Fixed();
    first.crashAt(uncut.ioCalls() * 3 / 4);
    assertThrows(Throwable.class, () -> history.run(first));
    SimulatedDisk crashed = first.afterCrash(Survival.ALL, 1);
    SimulatedDisk whole = crashed.afterCrash(Survival.ALL, 1);
    history.check(whole, "no second crash");
    long calls = whole.ioCalls();
    for (long call = 1; call <= calls; call++) {
      SimulatedDisk disk = crashed.afterCrash(Survival.ALL, 1);
      disk.crashAt(call);
      try {
        history.check(disk, "crash at call " + call + " of recovery");
      } catch (SimulatedCrashException | StoreFailedException e) {
        history.check(disk.afterCrash(Survival.RANDOM, call), "after crash at call " + call);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void invariant09AFailedSyncIsFinal(StoreMode mode) {
    AtomicBoolean failing = new AtomicBoolean();
    SimulatedDisk simulated = new SimulatedDisk(1);
    Disk disk =
        new FaultyDisk(
            simulated,
            (operation, path) ->
                operation == FaultyDisk.Operation.FORCE && failing.compareAndSet(true, false)
                    ? new IOException("input/output error")
                    : null);
    BlobStore store = BlobStore.open(ROOT, TestStores.small(mode), TestStores.inline(disk));
    store.put(bytes("before"), bytes("value"));
    store.sync();
    failing.set(true);
    assertThrows(
        StoreFailedException.class,
        () -> {
          store.put(bytes("during"), bytes("value"));
          store.sync();
        });
    assertNotNull(store.stats().failure());
    if (mode == StoreMode.DURABLE) {
      assertThrows(StoreFailedException.class, () -> store.put(bytes("after"), bytes("value")));
      assertThrows(StoreFailedException.class, () -> store.delete(bytes("before")));
    } else { // goes on in memory
      store.put(bytes("after"), bytes("value"));
      assertTrue(store.delete(bytes("after")));
    }
    assertThrows(StoreFailedException.class, store::sync);
    assertArrayEquals(bytes("value"), store.get(bytes("before")));
    assertThrows(StoreFailedException.class, store::close);
    assertTrue(simulated.openHandles().isEmpty(), () -> simulated.openHandles().toString());
  }

  @Test
  void invariant10ATornTailIsNotCorruptionAndCorruptionIsNotATornTail() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = BlobStore.open(ROOT, DURABLE, TestStores.inline(disk));
    store.put(bytes("a"), new byte[5_000]);
    store.put(bytes("b"), new byte[5_000]);
    disk.crashAt(disk.ioCalls() + 2); // the sync of the third put
    assertThrows(Throwable.class, () -> store.put(bytes("c"), new byte[9_000]));
    for (int seed = 0; seed < 200; seed++) {
      SimulatedDisk torn = disk.afterCrash(Survival.TORN, seed);
      try (BlobStore recovered = BlobStore.open(ROOT, DURABLE, TestStores.inline(torn))) {
        assertNotNull(recovered.get(bytes("a")));
        assertNotNull(recovered.get(bytes("b")));
      }
    }
    Disk damaged =
        new BrokenDisk(
            disk.afterCrash(Survival.ALL, 1), BrokenDisk.Fault.FLIPS_A_BIT_WHEN_READING_LOGS);
    CorruptionException damage =
        assertThrows(
            CorruptionException.class,
            () -> BlobStore.open(ROOT, DURABLE, TestStores.inline(damaged)));
    assertEquals(new StoreLayout(ROOT).log(1), damage.file());
  }

  @Test
  void invariant11NoLengthIsTrustedBeforeItsChecksumAndNoRecordOutOfItsPlace() throws IOException {
    StoreLayout layout = new StoreLayout(directory);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      store.put(bytes("a"), new byte[1_000]);
      store.put(bytes("b"), new byte[1_000]);
    }
    byte[] file = Files.readAllBytes(layout.segment(1));
    int second = 64 + 24 + 1 + 1_000 + 7; // behind the header and the first record
    byte[] misplaced = file.clone();
    System.arraycopy(file, 64, misplaced, second, 24 + 1 + 1_000);
    Files.write(layout.segment(1), misplaced);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertNotNull(store.get(bytes("a")));
      CorruptionException damage =
          assertThrows(CorruptionException.class, () -> store.get(bytes("b")));
      assertEquals(layout.segment(1), damage.file());
      assertEquals(second, damage.offset());
    }
    byte[] hostile = file.clone();
    Arrays.fill(hostile, 64, 68, (byte) 0x7F); // a length of 2 GiB
    Files.write(layout.segment(1), hostile);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertThrows(CorruptionException.class, () -> store.get(bytes("a")));
      assertNotNull(store.get(bytes("b")));
    }
  }

  @Test
  void invariant12MemoryIsBoundedASlowDiskMakesWritersWait() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    Disk disk =
        new FaultyDisk(
            new SimulatedDisk(1),
            (operation, path) -> {
              if (operation == FaultyDisk.Operation.RENAME
                  && path.toString().contains("segments")) {
                awaitUninterruptibly(goOn);
              }
              return null;
            });
    try (BlobStore store = BlobStore.open(ROOT, CACHE, TestStores.threaded(disk))) {
      Thread writer =
          new Thread(
              () -> {
                for (int i = 0; i < 100; i++) {
                  store.put(bytes("k" + i), new byte[10_000]);
                }
              });
      writer.start();
      int fitsASlab = (TestStores.SEGMENT_BYTES - 64 - 64) / (24 + 8 + 10_000 + 32);
      while (store.stats().puts() < 2L * fitsASlab || writer.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      assertEquals(2L * fitsASlab, store.stats().puts(), "the writer waits for the disk");
      assertEquals(2L * TestStores.SEGMENT_BYTES, store.stats().slabBytes());
      goOn.countDown();
      writer.join();
      assertEquals(100, store.stats().keys());
      assertEquals(2L * TestStores.SEGMENT_BYTES, store.stats().slabBytes());
    }
  }

  @Test
  void invariant13WrongBytesAreNeverReturned() throws IOException {
    StoreLayout layout = new StoreLayout(directory);
    byte[] value = bytes("the value that was put");
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      store.put(bytes("key"), value);
      store.put(bytes("other"), bytes("other"));
    }
    byte[] file = Files.readAllBytes(layout.segment(1));
    for (int at = 0; at < file.length; at = at == 400 ? file.length - 64 : at + 1) {
      byte[] damaged = file.clone();
      damaged[at] ^= (byte) (1 << at % 8);
      Files.write(layout.segment(1), damaged);
      try (BlobStore store = BlobStore.open(directory, DURABLE)) {
        byte[] found = store.get(bytes("key"));
        assertArrayEquals(value, found, "byte " + at + " flipped");
      } catch (CorruptionException e) {
        assertEquals(layout.segment(1), e.file());
      }
    }
    Files.write(layout.segment(1), file);
  }

  @Test
  void invariant14TwoNeverWriteOneStoreAndAFailedOpenGivesAllBack() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    try (BlobStore store = BlobStore.open(ROOT, DURABLE, TestStores.inline(disk))) {
      store.put(bytes("k"), bytes("v"));
      assertThrows(
          StoreLockedException.class, () -> BlobStore.open(ROOT, DURABLE, TestStores.inline(disk)));
      store.put(bytes("k"), bytes("w"));
    }
    assertThrows(
        IllegalArgumentException.class, () -> BlobStore.open(ROOT, CACHE, TestStores.inline(disk)));
    assertTrue(disk.openHandles().isEmpty(), () -> disk.openHandles().toString());
    for (long call = 1; call < 8; call++) {
      disk.failAt(disk.ioCalls() + call, () -> new IOException("input/output error"));
      try {
        BlobStore.open(ROOT, DURABLE, TestStores.inline(disk)).close();
      } catch (StoreFailedException e) {
        assertTrue(disk.openHandles().isEmpty(), () -> disk.openHandles().toString());
      }
    }
    try (BlobStore store = BlobStore.open(directory, DURABLE, TestStores.inline(real()))) {
      assertThrows(StoreLockedException.class, () -> BlobStore.open(directory, DURABLE));
      assertEquals(0, store.stats().keys());
    }
  }

  private static Disk real() {
    return new FileSystemDisk();
  }
}
