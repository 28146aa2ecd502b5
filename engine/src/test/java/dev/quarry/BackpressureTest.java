package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A disk that is slower than the writers: they wait, and memory does not grow. */
class BackpressureTest {

  private static final long PATIENCE_NANOS = 120_000_000_000L;

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final Gate gate = new Gate();
  private final AtomicInteger taken = new AtomicInteger();

  /** What flushing a slab comes to in the end, in both modes. */
  private static boolean renamesSegment(Operation operation, Path path) {
    return operation == Operation.RENAME
        && !ROOT.equals(path.getParent())
        && !path.endsWith(StoreLayout.PROBE);
  }

  private static BlobStore open(Disk on, StoreMode mode, int slabs) {
    BlobStoreOptions options = StoreFixture.options(mode).toBuilder().slabs(slabs).build();
    return BlobStore.open(ROOT, options, TestStores.threaded(on));
  }

  /** A writer that puts keys of its own until told to stop by an exception, or at its end. */
  private Thread writer(
      BlobStore store, int first, int count, AtomicReference<@Nullable Throwable> end) {
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int i = first; i < first + count; i++) {
                  store.put(key(i), value(i, 9_000));
                  taken.incrementAndGet();
                }
              } catch (BlobStoreException e) {
                end.set(e);
              }
            });
    writer.setDaemon(true);
    writer.start();
    return writer;
  }

  private static void awaitWaiting(Thread thread) {
    long start = System.nanoTime();
    while (thread.getState() != Thread.State.WAITING) {
      assertTrue(thread.isAlive(), "the writer did not have to wait");
      assertTrue(System.nanoTime() - start < PATIENCE_NANOS, "the writer does not wait");
      Thread.onSpinWait();
    }
  }

  private static void join(Thread thread) throws InterruptedException {
    thread.join(PATIENCE_NANOS / 1_000_000);
    assertFalse(thread.isAlive());
  }

  @ParameterizedTest
  @EnumSource
  void writersWaitWhenAllSlabsWaitForTheDiskAndGoOnWhenItIsDone(StoreMode mode)
      throws InterruptedException {
    for (int slabs : new int[] {2, 3}) {
      SimulatedDisk slow = new SimulatedDisk(1);
      Gate held = new Gate();
      AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
      BlobStore store = open(held.before(slow, BackpressureTest::renamesSegment), mode, slabs);
      taken.set(0);
      Thread writer = writer(store, 0, 100, end);
      held.awaitArrival();
      awaitWaiting(writer);
      int stuckAt = taken.get();
      assertEquals(8 * slabs, stuckAt, "slabs' worth of records");
      assertEquals((long) slabs * TestStores.SEGMENT_BYTES, store.stats().slabBytes());
      StoreFixture.assertAll(store, 0, stuckAt, 9_000);
      held.open();
      join(writer);
      assertEquals(null, end.get());
      StoreFixture.assertAll(store, 0, 100, 9_000);
      assertEquals((long) slabs * TestStores.SEGMENT_BYTES, store.stats().slabBytes());
      store.close();
      assertEquals(List.of(), slow.openHandles());
    }
  }

  @Test
  void manyWritersWaitTogetherAndAllGoOn() throws InterruptedException {
    List<AtomicReference<@Nullable Throwable>> ends = new ArrayList<>();
    List<Thread> writers = new ArrayList<>();
    try (BlobStore store =
        open(gate.before(disk, BackpressureTest::renamesSegment), StoreMode.CACHE, 2)) {
      for (int i = 0; i < 6; i++) {
        ends.add(new AtomicReference<>());
        writers.add(writer(store, i * 100, 30, ends.get(i)));
      }
      gate.awaitArrival();
      writers.forEach(BackpressureTest::awaitWaiting);
      gate.open();
      for (int i = 0; i < 6; i++) {
        join(writers.get(i));
        assertEquals(null, ends.get(i).get());
        StoreFixture.assertAll(store, i * 100, i * 100 + 30, 9_000);
      }
    }
  }

  /** Fails the call that is held up. */
  private Disk failing(IOException failure) {
    return new FaultyDisk(
        disk,
        (operation, path) -> {
          if (renamesSegment(operation, path)) {
            gate.pass();
            return failure;
          }
          return null;
        });
  }

  @Test
  void whoWaitsIsToldWhenTheDiskFails() throws InterruptedException {
    AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    BlobStore store = open(failing(new IOException("broken")), StoreMode.DURABLE, 2);
    Thread writer = writer(store, 0, 100, end);
    gate.awaitArrival();
    awaitWaiting(writer);
    gate.open();
    join(writer);
    assertInstanceOf(StoreFailedException.class, end.get());
    StoreFixture.assertAll(store, 0, taken.get(), 9_000);
    assertThrows(StoreFailedException.class, store::close);
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void whoWaitsForACachesDiskGoesOnInMemoryWhenItFails() throws InterruptedException {
    AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    BlobStore store = open(failing(new IOException("broken")), StoreMode.CACHE, 2);
    Thread writer = writer(store, 0, 100, end);
    gate.awaitArrival();
    awaitWaiting(writer);
    gate.open();
    join(writer);
    assertEquals(null, end.get());
    StoreFixture.assertAll(store, 92, 100, 9_000);
    assertThrows(StoreFailedException.class, store::close);
    assertEquals(List.of(), disk.openHandles());
  }

  @ParameterizedTest
  @EnumSource
  void whoWaitsIsToldWhenTheDiskIsFull(StoreMode mode) throws InterruptedException {
    AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    BlobStore store = open(failing(new DiskFullException("no space left")), mode, 2);
    Thread writer = writer(store, 0, 100, end);
    gate.awaitArrival();
    awaitWaiting(writer);
    gate.open();
    join(writer);
    assertInstanceOf(StoreFullException.class, end.get());
    StoreFixture.assertAll(store, 0, taken.get(), 9_000);
    assertEquals(null, store.stats().failure());
    if (mode == StoreMode.CACHE) {
      assertThrows(StoreFullException.class, store::close);
    } else {
      store.close();
    }
    assertEquals(List.of(), disk.openHandles());
  }

  @ParameterizedTest
  @EnumSource
  void whoWaitsWhileTheStoreIsClosedIsToldAndWhatWasTakenIsThere(StoreMode mode)
      throws InterruptedException {
    AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    BlobStore store = open(gate.before(disk, BackpressureTest::renamesSegment), mode, 2);
    Thread writer = writer(store, 0, 100_000, end);
    gate.awaitArrival();
    awaitWaiting(writer);
    Thread closer = new Thread(store::close);
    closer.start();
    awaitWaiting(closer);
    gate.open();
    join(closer);
    join(writer);
    assertInstanceOf(StoreClosedException.class, end.get());
    assertEquals(List.of(), disk.openHandles());
    try (BlobStore reopened = StoreFixture.open(disk, StoreFixture.options(mode))) {
      StoreFixture.assertAll(reopened, 0, taken.get(), 9_000);
    }
  }

  @Test
  void syncWaitsForTheDiskToo() {
    try (BlobStore store =
        open(gate.before(disk, BackpressureTest::renamesSegment), StoreMode.CACHE, 2)) {
      store.put(key(1), value(1, 100));
      CompletableFuture<Void> sync = CompletableFuture.runAsync(store::sync);
      gate.awaitArrival();
      assertFalse(sync.isDone());
      gate.open();
      try {
        sync.join();
      } catch (CompletionException e) {
        throw new AssertionError(e);
      }
      assertEquals(1, store.stats().flushes());
    }
  }

  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /** Slabs' memory is used over and over: a hundred slabs' worth of records take that of two. */
  @ParameterizedTest
  @EnumSource
  void directMemoryDoesNotGrowWithWhatIsWritten(StoreMode mode, @TempDir Path directory) {
    BlobStoreOptions options = StoreFixture.options(mode).toBuilder().segmentBytes(1 << 20).build();
    try (BlobStore store = BlobStore.open(directory, options)) {
      byte[] value = value(1, 200_000);
      for (int i = 0; i < 20; i++) {
        store.put(key(i % 5), value);
      }
      long before = directMemory();
      for (int i = 0; i < 200; i++) {
        store.put(key(i % 5), value);
      }
      long grown = directMemory() - before;
      assertTrue(grown < 4 << 20, () -> "40 MB were written, direct memory grew by " + grown);
      assertEquals(2L << 20, store.stats().slabBytes());
    }
  }
}
