package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.FileSystemDisk;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A store as a queue: the lowest key is polled and deleted, with RocksDB and without. */
class QueueTest {

  @TempDir Path directory;

  private BlobStore open(StoreMode mode, boolean withRocksDb) throws Exception {
    if (!withRocksDb && Files.notExists(directory.resolve("keyindex"))) {
      BlobStore.open(directory, StoreFixture.options(mode)).close();
      Files.writeString(directory.resolve("keyindex"), "in the way of RocksDB");
    }
    return BlobStore.open(directory, StoreFixture.options(mode));
  }

  private static byte @Nullable [] lowest(BlobStore store, KeyRange range) {
    try (KeyCursor cursor = store.keys(range)) {
      return cursor.next() ? cursor.key() : null;
    }
  }

  /** Polls, puts, puts again what was polled, with flushes and reopenings between. */
  @ParameterizedTest
  @CsvSource({"DURABLE, true", "DURABLE, false", "CACHE, true", "CACHE, false"})
  void theLowestKeyIsFoundWhateverWasPolledAndPutBefore(StoreMode mode, boolean withRocksDb)
      throws Exception {
    long seed = System.nanoTime();
    System.out.println("QueueTest seed " + seed);
    Random random = new Random(seed);
    TreeSet<byte[]> model = new TreeSet<>(Arrays::compareUnsigned);
    for (int round = 0; round < 3; round++) {
      try (BlobStore store = open(mode, withRocksDb)) {
        for (int step = 0; step < 1_500; step++) {
          int what = random.nextInt(100);
          byte[] key = key(random.nextInt(400));
          if (what < 30) {
            store.put(key, value(step, random.nextInt(2_000)));
            model.add(key);
          } else if (what < 80) {
            byte[] lowest = lowest(store, KeyRange.all());
            assertArrayEquals(model.isEmpty() ? null : model.first(), lowest, "step " + step);
            if (lowest != null) {
              assertTrue(store.delete(lowest));
              model.remove(lowest);
            }
          } else if (what < 90) {
            assertArrayEquals(model.ceiling(key), lowest(store, KeyRange.from(key)));
          } else if (what < 97) {
            assertEquals(model.remove(key), store.delete(key));
          } else if (what < 98) {
            store.sync();
          } else {
            assertEquals(
                model.stream().map(Arrays::toString).toList(),
                StoreFixture.keys(store, KeyRange.all()));
          }
        }
      }
    }
  }

  /** The place of the put is in a dead stretch, and in a slab that has been looked at before. */
  @ParameterizedTest
  @EnumSource
  void aKeyThatIsPutAgainAmongPolledOnesIsFound(StoreMode mode) throws Exception {
    try (BlobStore store = open(mode, true)) {
      for (int i = 0; i < 100; i++) {
        store.put(key(i), value(i, 10));
      }
      for (int i = 0; i < 60; i++) {
        assertArrayEquals(key(i), lowest(store, KeyRange.all()));
        assertTrue(store.delete(key(i)));
      }
      for (int again : new int[] {59, 0, 30}) {
        store.put(key(again), value(again, 10));
        assertArrayEquals(key(again), lowest(store, KeyRange.all()));
        store.delete(key(again));
      }
      store.put(key(30), value(30, 100_000)); // a large value, in a segment of its own
      assertArrayEquals(key(30), lowest(store, KeyRange.all()));
      store.delete(key(30));
      store.put(key(29), value(29, 10));
      store.sync();
      assertArrayEquals(key(29), lowest(store, KeyRange.all()));
    }
  }

  /** A put that waits for its commit is in the slab, and has no value for a cursor. */
  @Test
  void aPutThatIsNotPublishedYetIsNotTakenForDead() throws Exception {
    Gate gate = new Gate();
    AtomicBoolean holds = new AtomicBoolean();
    Disk disk =
        gate.before(new FileSystemDisk(), (call, path) -> holds.get() && call == Operation.FORCE);
    try (BlobStore store =
        BlobStore.open(directory, StoreFixture.DURABLE, TestStores.threaded(disk))) {
      for (int i = 0; i < 100; i++) {
        store.put(key(i), value(i, 10));
      }
      for (int i = 0; i < 50; i++) {
        assertArrayEquals(key(i), lowest(store, KeyRange.all()));
        store.delete(key(i));
      }
      holds.set(true);
      CompletableFuture<Void> put =
          CompletableFuture.runAsync(() -> store.put(key(30), value(30, 10)));
      gate.awaitArrival();
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(key(50), lowest(store, KeyRange.all()));
      }
      holds.set(false);
      gate.open();
      put.join();
      assertArrayEquals(key(30), lowest(store, KeyRange.all()));
    }
  }

  /** Several producers and consumers, each queue under a prefix of its own. */
  @ParameterizedTest
  @CsvSource({"DURABLE, true", "CACHE, true", "CACHE, false"})
  void everyItemIsPolledOnceByOneOfSeveralConsumers(StoreMode mode, boolean withRocksDb)
      throws Exception {
    int items = 600;
    int queues = 2;
    try (BlobStore store = open(mode, withRocksDb)) {
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      ConcurrentHashMap<String, AtomicInteger> polled = new ConcurrentHashMap<>();
      for (int q = 0; q < queues; q++) {
        byte prefix = (byte) q;
        AtomicInteger put = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        for (int p = 0; p < 2; p++) {
          threads.add(
              CompletableFuture.runAsync(
                  () -> {
                    int number;
                    while ((number = put.getAndIncrement()) < items) {
                      // Later items do not all come behind earlier ones.
                      int place = number % 2 == 0 ? number : items * 2 - number;
                      store.put(item(prefix, place), value(number, number % 700));
                    }
                  }));
        }
        threads.add(
            CompletableFuture.runAsync(
                () -> {
                  KeyRange range = KeyRange.prefix(new byte[] {prefix});
                  while (taken.get() < items) {
                    byte[] lowest = lowest(store, range);
                    if (lowest != null && store.delete(lowest)) {
                      taken.incrementAndGet();
                      polled
                          .computeIfAbsent(Arrays.toString(lowest), k -> new AtomicInteger())
                          .incrementAndGet();
                    }
                  }
                }));
      }
      for (CompletableFuture<Void> thread : threads) {
        thread.get(120, TimeUnit.SECONDS);
      }
      assertEquals(queues * items, polled.size());
      Predicate<AtomicInteger> once = count -> count.get() == 1;
      assertTrue(polled.values().stream().allMatch(once));
      assertEquals(List.of(), StoreFixture.keys(store, KeyRange.all()));
    }
  }

  private static byte[] item(byte prefix, int number) {
    return ByteBuffer.allocate(5).put(prefix).putInt(number).array();
  }
}
