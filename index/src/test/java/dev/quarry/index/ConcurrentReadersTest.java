package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/**
 * Readers beside a writer that replaces, moves, displaces and grows.
 *
 * <p>A location tells the key it belongs to (by its offset) and a version that only rises (by its
 * segment), so that a reader can tell a wrong, torn or stale answer from a right one. Publishing
 * makes the next even version, relocating the odd one after it; the length follows from the key and
 * the even version.
 */
class ConcurrentReadersTest {

  private static final int READERS = 2;
  private static final int FIRST = 2;
  private static final int STABLE_KEYS = 300;
  private static final int ABSENT_KEYS = 1 << 20;
  private static final int LAST_KEY = 12_000;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicBoolean done = new AtomicBoolean();
  private final Replaced out = new Replaced();

  @AfterEach
  void stop() {
    done.set(true);
    threads.shutdownNow();
  }

  private static long location(int key, int version) {
    return Location.pack(version, key * 8L, false);
  }

  private static long length(long location) {
    int published = Location.segment(location) & ~1;
    return (published * 0x9E37_79B9L + Location.offset(location)) & ShardedIndex.MAX_LENGTH;
  }

  private void publish(ShardedIndex index, int key, int version) {
    long location = location(key, version);
    assertTrue(
        index.publish(
            Hashes.low(key),
            high(key),
            location,
            length(location),
            version,
            false,
            (existing, sequence) -> sequence > Location.segment(existing),
            out));
  }

  /** Two shards take all keys, so that they grow in turn and use each other's chunks again. */
  private static long high(int key) {
    return Hashes.high(key, key % 2);
  }

  @RepeatedTest(3)
  void presentKeysAreAlwaysFoundWithNothingTornOrStale() throws Exception {
    ShardedIndex index = new ShardedIndex();
    for (int key = 0; key < STABLE_KEYS; key++) {
      publish(index, key, FIRST);
    }
    List<Future<Long>> readers = new ArrayList<>();
    for (int seed = 0; seed < READERS; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      readers.add(threads.submit(() -> readUntilDone(index, random)));
    }
    new Writer(index).run();
    done.set(true);
    for (Future<Long> reader : readers) {
      assertTrue(reader.get() > 0, "a reader never came to read");
    }
  }

  private long readUntilDone(ShardedIndex index, SplittableRandom random) {
    int[] versions = new int[STABLE_KEYS];
    long reads = 0;
    while (!done.get()) {
      int key = random.nextInt(STABLE_KEYS);
      long location =
          isMarked(key)
              ? index.getAndMark(Hashes.low(key), high(key))
              : index.get(Hashes.low(key), high(key));
      assertEquals(key * 8L, Location.offset(location), "another key's record, or none");
      assertTrue(Location.segment(location) >= versions[key], "an older record than before");
      versions[key] = Location.segment(location);

      int absent = ABSENT_KEYS + random.nextInt(ABSENT_KEYS);
      assertEquals(Location.NONE, index.get(Hashes.low(absent), high(absent)));
      reads++;
    }
    return reads;
  }

  /** Readers mark every fourth of the stable keys, and no other key. */
  private static boolean isMarked(int key) {
    return key < STABLE_KEYS && key % 4 == 0;
  }

  /** Renews the stable keys while others come and go in ever larger numbers. */
  private final class Writer {

    private final ShardedIndex index;
    private final SplittableRandom random = new SplittableRandom(42);
    private final int[] versions = new int[STABLE_KEYS];
    private final ArrayDeque<Integer> passing = new ArrayDeque<>();

    Writer(ShardedIndex index) {
      this.index = index;
      Arrays.fill(versions, FIRST);
    }

    void run() {
      for (int key = STABLE_KEYS; key < LAST_KEY; key++) {
        publish(index, key, FIRST);
        passing.add(key);
        for (int i = 0; i < 4; i++) {
          renew(random.nextInt(STABLE_KEYS));
          passing.add(replaceOldest());
        }
      }
      requireNoStrayMark();
      assertEquals(LAST_KEY, index.size());
    }

    private void requireNoStrayMark() {
      index.forEach(
          (low, high, location, length, visited) -> {
            int key = (int) (Location.offset(location) / 8);
            assertTrue(!visited || isMarked(key), "a key nobody marks is marked: " + key);
          });
    }

    private void renew(int key) {
      int version = versions[key];
      if (version % 2 == 0 && random.nextBoolean()) {
        versions[key] = version + 1;
        long to = location(key, version + 1);
        assertTrue(index.relocate(Hashes.low(key), high(key), location(key, version), to));
      } else {
        versions[key] = (version & ~1) + 2;
        publish(index, key, versions[key]);
      }
    }

    /** Takes the oldest passing key out and puts it back, most often into another slot. */
    private int replaceOldest() {
      int key = passing.remove();
      assertEquals(
          Verdict.EVICTED,
          index.evictUnlessVisited(Hashes.low(key), high(key), location(key, FIRST), out),
          "a key nobody marks is marked");
      assertEquals(length(location(key, FIRST)), out.length());
      publish(index, key, FIRST);
      return key;
    }
  }

  @Test
  void aScanBesideAWriterSeesEveryStableKeyOnce() throws Exception {
    ShardedIndex index = new ShardedIndex();
    for (int key = 0; key < STABLE_KEYS; key++) {
      publish(index, key, FIRST);
    }
    Future<Integer> scanner = threads.submit((Callable<Integer>) () -> scanUntilDone(index));
    new Writer(index).run();
    done.set(true);
    assertTrue(scanner.get() > 0, "no scan ended");
  }

  private int scanUntilDone(ShardedIndex index) {
    int scans = 0;
    while (!done.get()) {
      BitSet seen = new BitSet();
      index.forEach(
          (low, high, location, length, visited) -> {
            int key = (int) (Location.offset(location) / 8);
            assertEquals(Hashes.low(key), low);
            assertEquals(length(location), length);
            if (key < STABLE_KEYS) {
              assertTrue(!seen.get(key), "seen twice: key " + key);
              seen.set(key);
            }
          });
      assertEquals(STABLE_KEYS, seen.cardinality());
      scans++;
    }
    return scans;
  }

  @Test
  void concurrentWritersLoseNothing() throws Exception {
    int keys = 90_000;
    ShardedIndex index = new ShardedIndex();
    CyclicBarrier start = new CyclicBarrier(3);
    List<Future<Long>> writers = new ArrayList<>();
    for (int writer = 0; writer < 3; writer++) {
      int first = writer;
      writers.add(
          threads.submit(
              () -> {
                start.await();
                return publishEveryThird(index, first, keys);
              }));
    }
    long published = 0;
    for (Future<Long> writer : writers) {
      published += writer.get();
    }
    assertEquals(keys, published);
    assertEquals(keys, index.size());
    for (int key = 0; key < keys; key++) {
      assertEquals(location(key, FIRST), index.get(Hashes.low(key), high(key)));
    }
  }

  private static long publishEveryThird(ShardedIndex index, int first, int keys) {
    Replaced replaced = new Replaced();
    long published = 0;
    for (int key = first; key < keys; key += 3) {
      long location = location(key, FIRST);
      index.publish(
          Hashes.low(key), high(key), location, 1, FIRST, false, (e, s) -> false, replaced);
      published++;
    }
    return published;
  }
}
