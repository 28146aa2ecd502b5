package dev.quarry;

import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a checkpoint is written, what it covers, and what a cache learns from it alone. */
class CheckpointTest {

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private static BlobStoreOptions onClose(StoreMode mode) {
    return TestStores.small(mode).toBuilder()
        .checkpointEntries(1L << 40)
        .checkpointInterval(Duration.ofDays(1))
        .build();
  }

  private static final BlobStoreOptions DURABLE = onClose(StoreMode.DURABLE);

  private BlobStore open() {
    return StoreFixture.open(disk, DURABLE);
  }

  // ---- what only the checkpoint knows ----

  /** Evicts strictly in the order of the queue: no grace zone, and large enough to be exact. */
  private static final BlobStoreOptions PLAIN =
      onClose(StoreMode.CACHE).toBuilder()
          .maxBytes(30L * TestStores.SEGMENT_BYTES)
          .graceZone(false)
          .ghost(false)
          .build();

  private static final int LENGTH = 2_000;

  /** Looks in the index, as a read would mark. */
  private static boolean isPresent(BlobStore store, int number) {
    Scratch scratch = Scratch.get();
    store.directory().hash(key(number), scratch);
    long location = store.directory().find(scratch);
    return location != Location.NONE && !Location.isTombstone(location);
  }

  private static Set<Integer> present(BlobStore store, int from, int to) {
    Set<Integer> present = new TreeSet<>();
    for (int i = from; i < to; i++) {
      if (isPresent(store, i)) {
        present.add(i);
      }
    }
    return present;
  }

  private static void read(BlobStore store, int from, int to) {
    for (int i = from; i < to; i++) {
      store.get(key(i));
    }
  }

  /** Puts new keys until so many more are evicted; returns the next number that is free. */
  private static int evict(BlobStore store, int from, int count) {
    long wanted = store.stats().evictions() + count;
    int number = from;
    while (store.stats().evictions() < wanted) {
      putAll(store, number, number + 1, LENGTH);
      number++;
    }
    return number;
  }

  @Test
  void theHandGoesOnWhereItWas() {
    int next;
    int gone;
    try (BlobStore store = StoreFixture.open(disk, PLAIN)) {
      putAll(store, 0, 40, LENGTH);
      read(store, 0, 40);
      next = evict(store, 40, 20);
      assertEquals(40, present(store, 0, 40).size(), "the hand has passed them, and unmarked them");
      gone = (int) store.stats().evictions();
    }
    try (BlobStore store = StoreFixture.open(disk, PLAIN)) {
      evict(store, next, 30);
      gone += (int) store.stats().evictions();
      assertEquals(40, present(store, 0, 40).size(), "it has not gone back to the tail");
      assertEquals(Set.of(), present(store, 40, 40 + gone));
      assertTrue(isPresent(store, 40 + gone));
    }
  }

  @Test
  void whatWasReadBeforeTheRestartIsSparedAfterIt() {
    int next;
    try (BlobStore store = StoreFixture.open(disk, PLAIN)) {
      next = evict(store, 0, 20);
      read(store, 100, 110);
    }
    try (BlobStore store = StoreFixture.open(disk, PLAIN)) {
      evict(store, next, 150);
      assertEquals(Set.of(), present(store, 0, 100));
      assertEquals(10, present(store, 100, 110).size());
    }
  }

  @Test
  void whatWasEvictedBeforeTheRestartIsRememberedAfterIt() {
    BlobStoreOptions options = PLAIN.toBuilder().ghost(true).build();
    int next;
    try (BlobStore store = StoreFixture.open(disk, options)) {
      next = evict(store, 0, 20);
      assertFalse(isPresent(store, 0));
    }
    for (int i = 0; i < 3; i++) { // of what is put now, only what was evicted once starts marked
      try (BlobStore store = StoreFixture.open(disk, options)) {
        store.put(key(i), value(i, LENGTH));
        putAll(store, next, next + 1, LENGTH);
        next++;
      }
    }
    try (BlobStore store = StoreFixture.open(disk, options)) {
      int last = next;
      while (isPresent(store, last - 1)) {
        putAll(store, next, next + 1, LENGTH);
        next++;
      }
      assertEquals(3, present(store, 0, 3).size());
    }
  }

  @ParameterizedTest
  @CsvSource({"false,false", "true,true"})
  void theNextVictimsAreThoseThereWouldBeWithoutTheRestart(boolean grace, boolean ghost) {
    BlobStoreOptions options = PLAIN.toBuilder().graceZone(grace).ghost(ghost).build();
    SimulatedDisk other = new SimulatedDisk(2);
    try (BlobStore lasting = StoreFixture.open(other, options)) {
      BlobStore restarting = StoreFixture.open(disk, options);
      int next = 0;
      for (int round = 0; round < 4; round++) {
        Random random = new Random(round);
        for (int i = 0; i < 500; i++) {
          byte[] mark = key(Math.max(0, next - 1 - random.nextInt(1_000)));
          lasting.get(mark);
          restarting.get(mark);
          byte[] key = random.nextInt(5) == 0 ? key(random.nextInt(next + 1)) : key(next++);
          lasting.put(key, value(i, LENGTH));
          restarting.put(key, value(i, LENGTH));
        }
        Set<Integer> expected = present(lasting, 0, next);
        Set<Integer> found = present(restarting, 0, next);
        Set<Integer> onlyExpected = new TreeSet<>(expected);
        onlyExpected.removeAll(found);
        found.removeAll(expected);
        // where a slab ends, and so the last victim, may differ
        assertTrue(onlyExpected.size() <= 5, () -> "wrong victims " + onlyExpected);
        assertTrue(found.size() <= 5, () -> "victims missed " + found);
        lasting.sync();
        restarting.close();
        restarting = StoreFixture.open(disk, options);
      }
      restarting.close();
      assertTrue(lasting.stats().evictions() > 500);
    }
  }

  // ---- when it is written ----

  @Test
  void oneIsWrittenWheneverSoManyEntriesHaveChanged() {
    BlobStoreOptions options = DURABLE.toBuilder().checkpointEntries(20).build();
    try (BlobStore store = StoreFixture.open(disk, options)) {
      for (int segment = 1; segment <= 9; segment++) { // of seven records each
        putAll(store, 7 * segment, 7 * segment + 7, 10_000);
        assertEquals((segment - 1) / 3, store.stats().checkpoints(), "in segment " + segment);
      }
      assertTrue(disk.exists(LAYOUT.checkpoint()));
    }
  }

  @Test
  void oneIsWrittenAfterAnyChangeWhenTheIntervalIsOver() {
    BlobStoreOptions options = DURABLE.toBuilder().checkpointInterval(Duration.ZERO).build();
    try (BlobStore store = StoreFixture.open(disk, options)) {
      for (int segment = 1; segment <= 9; segment++) {
        putAll(store, 7 * segment, 7 * segment + 7, 10_000);
        assertEquals(segment - 1, store.stats().checkpoints(), "in segment " + segment);
      }
    }
  }

  @Test
  void oneIsWrittenOnCloseIfAnythingHasChanged() throws IOException {
    try (BlobStore store = open()) {
      putAll(store, 0, 30, 10_000);
      assertEquals(0, store.stats().checkpoints());
      assertEquals(0, store.stats().checkpointBytes());
      assertFalse(disk.exists(LAYOUT.checkpoint()));
    }
    byte[] first = StoreFiles.read(disk, LAYOUT.checkpoint());
    long calls = disk.ioCalls();
    open().close();
    assertTrue(
        disk.history().stream()
            .filter(call -> Long.parseLong(call.substring(0, call.indexOf(' '))) > calls)
            .noneMatch(call -> call.contains("write") && call.contains("checkpoint")),
        "nothing has changed");
    assertArrayEquals(first, StoreFiles.read(disk, LAYOUT.checkpoint()));
    try (BlobStore store = open()) {
      assertEquals(first.length, store.stats().checkpointBytes());
      store.put(key(1_000), value(1, 10));
    }
    assertFalse(Arrays.equals(first, StoreFiles.read(disk, LAYOUT.checkpoint())));
    assertNull(open().get(key(1_001)));
  }

  // ---- what was not published yet ----

  /** An operation whose record is complete and not published when a checkpoint is written. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasPublishedAfterACheckpointWasWrittenSurvivesACrash(boolean put) {
    byte[] key = key(1_000);
    Gate unpublished = new Gate();
    AtomicInteger hashesToCome = new AtomicInteger(put ? 2 : 3); // a delete looks first
    AtomicReference<Thread> writer = new AtomicReference<>();
    Environment environment =
        new Environment(
            disk,
            seed -> {
              Xxh3KeyHash hasher = new Xxh3KeyHash(seed);
              return (hashed, hash) -> {
                if (Thread.currentThread() == writer.get()
                    && Arrays.equals(hashed, key)
                    && hashesToCome.decrementAndGet() == 0) {
                  unpublished.pass();
                }
                hasher.hash(hashed, hash);
              };
            },
            TestStores.inline(disk).background());
    BlobStoreOptions options = DURABLE.toBuilder().slabs(4).checkpointEntries(1).build();
    SimulatedDisk crashed;
    try (BlobStore store = BlobStore.open(ROOT, options, environment)) {
      store.put(key, value(1, 100));
      putAll(store, 0, 7, 10_000);
      CompletableFuture<Void> late =
          CompletableFuture.runAsync(
              () -> {
                writer.set(Thread.currentThread());
                if (put) {
                  store.put(key, value(2, 100));
                } else {
                  assertTrue(store.delete(key));
                }
                writer.set(null);
              });
      unpublished.awaitArrival();
      long checkpoints = store.stats().checkpoints();
      putAll(store, 7, 21, 10_000);
      assertTrue(store.stats().checkpoints() > checkpoints, "one was written meanwhile");
      unpublished.open();
      late.join();
      crashed = disk.afterCrash(Survival.NONE, 1);
    }
    for (SimulatedDisk after : List.of(crashed, disk)) {
      try (BlobStore store = StoreFixture.open(after, DURABLE)) {
        assertArrayEquals(put ? value(2, 100) : null, store.get(key));
      }
    }
  }
}
