package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache whose disk has failed goes on in memory, and gives up its oldest slabs for that. */
class DegradedCacheTest {

  private static final int KEYS = 40;
  private static final long PATIENCE_NANOS = 120_000_000_000L;
  private static final long SLABS_BYTES = 2L * TestStores.SEGMENT_BYTES;

  @SuppressWarnings("UnnecessaryLambda")
  private static final Supplier<IOException> BROKEN = () -> new IOException("the disk is broken");

  private static boolean writes(Operation operation) {
    return switch (operation) {
      case CREATE, RENAME, SYNC_DIRECTORY, WRITE, FORCE -> true;
      default -> false;
    };
  }

  private static boolean isTemporary(Path path) {
    return path.toString().endsWith(".tmp") && path.toString().contains("segments");
  }

  private static void assertRefused(Executable operation) {
    var e = assertThrows(StoreFailedException.class, operation);
    assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
    assertNotNull(e.getCause());
  }

  /** Has a store find out that its disk fails. */
  private static void fail(BlobStore store) {
    assertRefused(() -> store.put(key(1_000), value(0, 200_000)));
  }

  /** What each key had last; no entry of it may be seen again once it was replaced. */
  private static final class Model {

    private final byte @Nullable [][] newest;
    private final Random random;

    Model(long seed) {
      this.random = new Random(seed);
      this.newest = new byte[KEYS][];
    }

    void run(BlobStore store, int first, int operations) {
      for (int i = 0; i < operations; i++) {
        int number = random.nextInt(KEYS);
        byte[] key = key(first + number);
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            newest[number] = value(random.nextLong(), random.nextInt(15_000));
            store.put(key, newest[number]);
            check(store, first, number); // others may have had the slab dropped already
          }
          case 2 -> {
            boolean there = store.get(key) != null;
            assertTrue(!store.delete(key) || there); // its slab may be dropped meanwhile
            newest[number] = null;
            assertNull(store.get(key));
          }
          default -> check(store, first, number);
        }
      }
      for (int number = 0; number < KEYS; number++) {
        check(store, first, number);
      }
    }

    private void check(BlobStore store, int first, int number) {
      byte[] found = store.get(key(first + number));
      assertTrue(found == null || Arrays.equals(newest[number], found), "not the newest value");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void writesAndReadsGoOnInBoundedMemoryAndAReadGivesTheNewestValueOrNone(long seed) {
    SimulatedDisk disk = new SimulatedDisk(seed);
    Model model = new Model(seed);
    BlobStore store = StoreFixture.open(disk, StoreFixture.CACHE);
    model.run(store, 0, 500);
    disk.failFrom(disk.ioCalls() + seed, BROKEN);
    model.run(store, 0, 500);
    long calls = disk.ioCalls();
    for (int i = 0; i < 20; i++) {
      model.run(store, 0, 200);
      StoreInvariants.check(store);
      assertTrue(store.stats().slabBytes() <= SLABS_BYTES);
      assertRefused(store::sync);
      fail(store);
    }
    assertEquals(calls, disk.ioCalls(), "a disk that has failed is left alone");
    String failure = store.stats().failure();
    assertNotNull(failure);
    assertTrue(failure.contains("the disk is broken"), failure);
    assertRefused(store::close);
    assertEquals(List.of(), disk.openHandles());
    disk.failFrom(Long.MAX_VALUE, BROKEN);
    try (BlobStore reopened = StoreFixture.open(disk, StoreFixture.CACHE)) {
      StoreInvariants.check(reopened);
      new Model(seed + 100).run(reopened, 100, 500);
    }
  }

  /** A value on disk is read on, and is not seen again when a newer one was dropped. */
  @Test
  void whatIsOnDiskIsReadOnUnlessANewerValueOrADeleteOfItWasDropped() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = StoreFixture.open(disk, StoreFixture.CACHE);
    StoreFixture.putAll(store, 0, 10, 10_000);
    store.sync();
    disk.failFrom(disk.ioCalls() + 1, BROKEN);
    fail(store);
    store.put(key(3), value(33, 10_000));
    assertTrue(store.delete(key(4)));
    for (int i = 0; i < 100; i++) {
      store.put(key(100 + i), value(i, 10_000));
    }
    assertNull(store.get(key(3)));
    assertNull(store.get(key(4)));
    StoreFixture.assertAll(store, 0, 3, 10_000);
    StoreFixture.assertAll(store, 5, 10, 10_000);
    assertArrayEquals(value(99, 10_000), store.get(key(199)));
    assertNull(store.get(key(100)));
    assertRefused(store::close);
  }

  @Test
  void aViewOfADroppedSlabStaysReadable() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStore store = StoreFixture.open(disk, StoreFixture.CACHE);
    disk.failFrom(disk.ioCalls() + 1, BROKEN);
    fail(store);
    List<Blob> views = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      store.put(key(i), value(i, 10_000));
      Blob view = store.view(key(i));
      assertNotNull(view);
      views.add(view);
    }
    assertNull(store.get(key(0)), "its slab was dropped");
    for (int i = 0; i < 60; i++) {
      byte[] seen = new byte[10_000];
      views.get(i).buffer().get(seen);
      assertArrayEquals(value(i, 10_000), seen);
      views.get(i).close();
    }
    assertTrue(store.stats().slabBytes() <= SLABS_BYTES);
    assertRefused(store::close);
  }

  // ---- several threads ----

  private static BlobStore threaded(Disk disk) {
    return BlobStore.open(ROOT, StoreFixture.CACHE, TestStores.threaded(disk));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void manyWritersGoOnThroughTheFailureAndAfterIt(long seed) throws Exception {
    SimulatedDisk disk = new SimulatedDisk(seed);
    disk.failFrom(100 + new Random(seed).nextInt(50), BROKEN);
    BlobStore store = threaded(disk);
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int first = i * KEYS;
      Model model = new Model(seed * 10 + i);
      writers.add(CompletableFuture.runAsync(() -> model.run(store, first, 2_000), threads()));
    }
    for (CompletableFuture<Void> writer : writers) {
      writer.get(120, TimeUnit.SECONDS);
    }
    assertNotNull(store.stats().failure());
    StoreInvariants.check(store);
    assertTrue(store.stats().slabBytes() <= SLABS_BYTES);
    assertRefused(store::close);
    assertEquals(List.of(), disk.openHandles());
  }

  private static Executor threads() {
    return DegradedCacheTest::start;
  }

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void awaitWaiting(Thread thread) {
    long start = System.nanoTime();
    while (thread.getState() != Thread.State.WAITING) {
      assertTrue(thread.isAlive(), "it did not have to wait");
      assertTrue(System.nanoTime() - start < PATIENCE_NANOS, "it does not wait");
      Thread.onSpinWait();
    }
  }

  private static void join(Thread thread) throws InterruptedException {
    thread.join(PATIENCE_NANOS / 1_000_000);
    assertFalse(thread.isAlive());
  }

  /**
   * The flush that is under way is not disturbed: no byte of its slab changes before it is done.
   */
  @Test
  void aSlabThatIsBeingFlushedIsNotDropped() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Gate gate = new Gate();
    AtomicBoolean broken = new AtomicBoolean();
    Path first = Path.of(ROOT + "/segments/0000000001.tmp");
    Disk faulty =
        new FaultyDisk(
            disk,
            (operation, path) -> {
              if (operation == Operation.WRITE && path.equals(first)) {
                gate.pass();
                return null;
              }
              return broken.get() && writes(operation) && !path.equals(first) && isTemporary(path)
                  ? BROKEN.get()
                  : null;
            });
    BlobStore store = threaded(faulty);
    StoreFixture.putAll(store, 0, 10, 9_000);
    gate.awaitArrival();
    broken.set(true);
    fail(store);
    Thread writer = start(() -> StoreFixture.putAll(store, 10, 40, 9_000));
    awaitWaiting(writer);
    StoreFixture.assertAll(store, 0, 16, 9_000);
    gate.open();
    join(writer);
    StoreFixture.assertAll(store, 0, 8, 9_000); // in the segment whose flush was under way
    StoreFixture.assertAll(store, 32, 40, 9_000);
    assertNull(store.get(key(20)));
    assertRefused(store::close);
    try (BlobStore reopened = StoreFixture.open(disk, StoreFixture.CACHE)) {
      StoreFixture.assertAll(reopened, 0, 8, 9_000);
      assertEquals(8, reopened.stats().keys());
    }
  }

  /** Who waits for its flush finds it gone from the queue, be it on disk or not. */
  @RepeatedTest(40)
  void aSyncOfASlabThatWasDroppedMeanwhileFails() throws Exception {
    Gate gate = new Gate();
    Disk faulty =
        new FaultyDisk(
            new SimulatedDisk(1),
            (operation, path) -> {
              if (operation == Operation.FORCE && isTemporary(path)) {
                gate.pass();
                return BROKEN.get();
              }
              return null;
            });
    BlobStore store = threaded(faulty);
    StoreFixture.putAll(store, 0, 1, 30_000);
    AtomicBoolean refused = new AtomicBoolean();
    Thread sync =
        start(
            () -> {
              assertRefused(store::sync);
              refused.set(true);
            });
    gate.awaitArrival();
    awaitWaiting(sync);
    Thread writer = start(() -> StoreFixture.putAll(store, 1, 5, 30_000));
    awaitWaiting(writer);
    gate.open();
    join(sync);
    assertTrue(refused.get());
    join(writer);
    assertRefused(store::close);
  }

  /**
   * The tombstone of a large value that is still being written is in the slab to be dropped: it is
   * needed until the value is published.
   */
  @Test
  void aTombstoneIsNotDroppedBeforeEverythingOlderIsPublished() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Gate gate = new Gate();
    AtomicBoolean broken = new AtomicBoolean();
    Path large = Path.of(ROOT + "/segments/0000000002.tmp");
    Disk faulty =
        new FaultyDisk(
            disk,
            (operation, path) -> {
              if (operation == Operation.FORCE && path.equals(large)) {
                gate.pass();
              }
              return broken.get() && operation == Operation.CREATE ? BROKEN.get() : null;
            });
    BlobStore store = threaded(faulty);
    store.put(key(1), value(1, 100));
    Thread put = start(() -> store.put(key(1), value(2, 200_000)));
    gate.awaitArrival();
    assertTrue(store.delete(key(1))); // later than the large value
    broken.set(true);
    fail(store);
    Thread writer = start(() -> StoreFixture.putAll(store, 10, 60, 9_000));
    awaitWaiting(writer);
    gate.open();
    join(put);
    join(writer);
    assertNull(store.get(key(1)), "the delete was the later one");
    StoreInvariants.check(store);
    assertRefused(store::close);
  }

  // ---- who waits ----

  /** The failure is met by a thread that nobody waits for. */
  @ParameterizedTest
  @EnumSource
  void whoWaitsForMemoryLearnsOfAFailureThatAnotherThreadMet(StoreMode mode) throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Gate gate = new Gate();
    ManualExecutor background = new ManualExecutor();
    Disk faulty =
        new FaultyDisk(
            disk,
            (operation, path) -> {
              if (operation == Operation.CREATE
                  && isTemporary(path)
                  && !path.endsWith(StoreLayout.PROBE)) {
                gate.pass();
                return BROKEN.get();
              }
              return null;
            });
    Environment environment = new Environment(faulty, Xxh3KeyHash::new, () -> background);
    BlobStore store = BlobStore.open(ROOT, StoreFixture.options(mode), environment);
    CompletableFuture<Throwable> large = new CompletableFuture<>();
    start(
        () -> {
          try {
            store.put(key(1), value(1, 200_000));
          } catch (BlobStoreException e) {
            large.complete(e);
          }
        });
    gate.awaitArrival();
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    Thread writer =
        start(
            () -> {
              try {
                StoreFixture.putAll(store, 10, 40, 9_000);
              } catch (BlobStoreException e) {
                end.complete(e);
              }
            });
    awaitWaiting(writer);
    gate.open();
    assertInstanceOf(StoreFailedException.class, large.get(120, TimeUnit.SECONDS));
    background.runFromNowOn(); // and flushes nothing, as the store has failed
    join(writer);
    if (mode == StoreMode.DURABLE) {
      assertInstanceOf(StoreFailedException.class, end.getNow(null));
    } else {
      assertNull(end.getNow(null));
      StoreFixture.assertAll(store, 35, 40, 9_000);
    }
    assertRefused(store::close);
    assertEquals(List.of(), disk.openHandles());
  }
}
