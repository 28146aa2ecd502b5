package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many threads, bounded by the number of keys or rebuilds. */
@Timeout(120)
@Tag("slow")
class ConcurrencyTest {

  private static final int ADDERS = 3;

  private static void runAll(List<Callable<Void>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
    try {
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean contains(BlockedBloomFilter filter, long key) {
    return filter.mightContain(Hashes.low(key), Hashes.high(key));
  }

  /** All adders add the same keys, so that most adds meet others in the same longs. */
  @Test
  void anAddIsSeenByAllThatComeAfterIt() throws Exception {
    int keys = 200_000;
    BlockedBloomFilter filter = BlockedBloomFilter.forKeys(keys, 0.01);
    AtomicInteger added = new AtomicInteger();
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < ADDERS; i++) {
      tasks.add(
          () -> {
            for (int key = 0; key < keys; key++) {
              filter.add(Hashes.low(key), Hashes.high(key));
              assertTrue(contains(filter, key));
              added.accumulateAndGet(key, Math::max);
            }
            return null;
          });
    }
    tasks.add(
        () -> {
          int last = 0;
          while (last < keys - 1) {
            last = added.get();
            for (int key = Math.max(0, last - 50); key < last; key++) {
              assertTrue(contains(filter, key), "key " + key);
            }
          }
          return null;
        });
    runAll(tasks);
    for (int key = 0; key < keys; key++) {
      assertTrue(contains(filter, key));
    }
    assertTrue(filter.keysAdded() >= 0.98 * keys, () -> "counted " + filter.keysAdded());
  }

  /**
   * A store whose keys come and go. A key's version is odd while it is published; only one thread
   * changes it.
   */
  private static final class Store {
    private final SwappableBloomFilter filter;
    private final AtomicIntegerArray versions;

    Store(int keys) {
      filter = new SwappableBloomFilter(keys, 0.01);
      versions = new AtomicIntegerArray(keys);
    }

    void put(int key) {
      SwappableBloomFilter.Epoch epoch = filter.add(Hashes.low(key), Hashes.high(key));
      versions.set(key, versions.get(key) | 1);
      check(key);
      filter.confirm(epoch);
    }

    void remove(int key) {
      versions.set(key, (versions.get(key) + 1) & ~1);
    }

    /** What is published before and after the look at the filter must be in it. */
    void check(int key) {
      int before = versions.get(key);
      boolean found = filter.mightContain(Hashes.low(key), Hashes.high(key));
      if (!found && (before & 1) == 1) {
        assertNotEquals(before, versions.get(key), () -> "key " + key + " is hidden");
      }
    }

    void rebuild(boolean failing) throws InterruptedException {
      assertTrue(filter.rebuild(versions.length(), consumer -> scan(consumer, failing)));
    }

    private void scan(HashConsumer consumer, boolean failing) {
      for (int key = 0; key < versions.length(); key++) {
        if ((versions.get(key) & 1) == 1) {
          consumer.accept(Hashes.low(key), Hashes.high(key));
        }
      }
      if (failing) {
        throw new IllegalStateException("failing on purpose");
      }
    }
  }

  @Test
  void noPublishedKeyIsEverAbsentWhileFiltersAreRebuilt() throws Exception {
    int keys = 900;
    int rebuilds = 500;
    Store store = new Store(keys);
    long seed = new SplittableRandom().nextLong();
    System.out.println("seed " + seed);
    AtomicBoolean rebuilding = new AtomicBoolean(true);
    LongAdder puts = new LongAdder();
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < ADDERS; i++) {
      int first = i;
      SplittableRandom random = new SplittableRandom(seed + i);
      tasks.add(
          () -> {
            while (rebuilding.get()) {
              int own = first + ADDERS * random.nextInt(keys / ADDERS);
              store.put(own);
              puts.increment();
              store.check(own);
              store.check(random.nextInt(keys));
              store.remove(first + ADDERS * random.nextInt(keys / ADDERS));
            }
            return null;
          });
    }
    tasks.add(
        () -> {
          try {
            for (int i = 0; i < rebuilds; i++) {
              if (i % 5 == 4) {
                assertThrows(IllegalStateException.class, () -> store.rebuild(true));
              } else {
                store.rebuild(false);
              }
            }
          } finally {
            rebuilding.set(false);
          }
          return null;
        });
    runAll(tasks);
    System.out.println(rebuilds + " rebuilds, " + puts + " puts");
    for (int key = 0; key < keys; key++) {
      store.check(key);
    }
  }
}
