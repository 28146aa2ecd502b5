package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that is closed under threads that use it. */
class CloseRaceTest {

  private static final int ROUNDS = 15;
  private static final int EXISTING = 20;

  @TempDir Path directory;

  /** Repeats an operation until the store is closed. */
  private static CompletableFuture<Integer> untilClosed(
      BlobStore store, CountDownLatch started, BiConsumer<BlobStore, Integer> operation) {
    AtomicInteger acknowledged = new AtomicInteger();
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            for (int i = 0; ; i++) {
              operation.accept(store, i);
              acknowledged.incrementAndGet();
              started.countDown();
            }
          } catch (StoreClosedException e) {
            started.countDown();
            return acknowledged.get();
          }
        },
        task -> new Thread(task).start());
  }

  private static void read(BlobStore store, int i) {
    byte[] key = key(i % EXISTING);
    byte[] expected = value(i % EXISTING, 5_000);
    assertArrayEquals(expected, store.get(key));
    try (Blob blob = store.view(key)) {
      byte[] shown = new byte[blob.size()];
      blob.buffer().get(shown);
      assertArrayEquals(expected, shown);
    }
    assertTrue(store.contains(key));
  }

  private static void list(BlobStore store) {
    int keys = 0;
    try (KeyCursor cursor = store.keys(KeyRange.between(key(0), key(EXISTING)))) {
      while (cursor.next()) {
        keys++;
      }
    }
    assertEquals(EXISTING, keys);
  }

  @ParameterizedTest
  @EnumSource
  void everyThreadIsToldAndWhatWasAcknowledgedIsThere(StoreMode mode) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      SimulatedDisk disk = new SimulatedDisk(round);
      Path root = Files.createDirectories(directory.resolve("" + round));
      BlobStore store = BlobStore.open(root, StoreFixture.options(mode), TestStores.threaded(disk));
      StoreFixture.putAll(store, 0, EXISTING, 5_000);
      boolean lists = round % 5 == 0;
      CountDownLatch started = new CountDownLatch(lists ? 6 : 5);
      CompletableFuture<Integer> small =
          untilClosed(store, started, (s, i) -> s.put(key(1_000 + i), value(i, 3_000)));
      CompletableFuture<Integer> large =
          untilClosed(store, started, (s, i) -> s.put(key(2_000_000 + i), value(i, 90_000)));
      List<CompletableFuture<Integer>> others = new ArrayList<>();
      others.add(untilClosed(store, started, CloseRaceTest::read));
      others.add(untilClosed(store, started, (s, i) -> s.sync()));
      others.add(
          untilClosed(
              store,
              started,
              (s, i) -> {
                s.delete(key(3_000_000 + i % 3));
                s.put(key(3_000_000 + i % 3), value(i, 10));
                s.stats();
              }));
      if (lists) {
        others.add(untilClosed(store, started, (s, i) -> list(s)));
      }
      started.await();
      store.close();
      int smallOnes = small.join();
      int largeOnes = large.join();
      others.forEach(CompletableFuture::join);
      // mappings that blobs were lent are the garbage collector's
      assertTrue(disk.openHandles().stream().allMatch(handle -> handle.startsWith("mapping")));
      try (BlobStore reopened =
          BlobStore.open(root, StoreFixture.options(mode), TestStores.inline(disk))) {
        StoreFixture.assertAll(reopened, 0, EXISTING, 5_000);
        for (int i = 0; i < smallOnes; i++) {
          assertArrayEquals(value(i, 3_000), reopened.get(key(1_000 + i)));
        }
        for (int i = 0; i < largeOnes; i++) {
          assertArrayEquals(value(i, 90_000), reopened.get(key(2_000_000 + i)));
        }
      }
    }
  }
}
