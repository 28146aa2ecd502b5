package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thirty-two threads on overlapping keys of one store. */
@Tag("slow")
class ConcurrencyTest {

  private static final int THREADS = 32;
  private static final int KEYS = 40;
  private static final int STEPS = 250;
  private static final int LARGE = 4 << 20;
  private static final int LARGE_VALUES = 60;
  private static final int READERS_OF_LARGE = 3;

  @TempDir Path directory;

  /**
   * Writers of one key take turns, so that there is one order to compare with; those of different
   * keys, and all readers, go at once.
   */
  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void thirtyTwoThreadsLeaveExactlyTheStateOfTheModel(StoreMode mode) throws Exception {
    long seed = System.nanoTime();
    byte[][] model = new byte[KEYS][];
    Object[] turns = new Object[KEYS];
    for (int key = 0; key < KEYS; key++) {
      turns[key] = new Object();
    }
    BlobStoreOptions options = TestStores.small(mode);
    try (BlobStore store = BlobStore.open(directory, options)) {
      inThreads(
          thread -> {
            Random random = new Random(seed + thread);
            for (int step = 0; step < STEPS; step++) {
              int key = random.nextInt(KEYS);
              switch (random.nextInt(5)) {
                case 0 -> {
                  synchronized (turns[key]) {
                    assertEquals(model[key] != null, store.delete(key(key)));
                    model[key] = null;
                  }
                }
                case 1, 2 -> {
                  byte[] value = Pattern.value(key, thread, step, random);
                  synchronized (turns[key]) {
                    store.put(key(key), value);
                    model[key] = value;
                  }
                }
                default -> Pattern.check(store, key, "seed " + seed);
              }
            }
          });
      compare(model, store, "seed " + seed);
      StoreInvariants.check(store);
    }
    try (BlobStore store = BlobStore.open(directory, options)) {
      compare(model, store, "reopened, seed " + seed);
      StoreInvariants.check(store);
    }
  }

  /** Each new value makes the file of the one before go, of which a reader is in the middle. */
  @Test
  void aLargeValueIsCopiedWholeThoughItsFileIsToBeUnmapped() throws Exception {
    BlobStoreOptions options =
        TestStores.small(StoreMode.CACHE).toBuilder().maxBytes(16L * LARGE).build();
    try (BlobStore store = BlobStore.open(directory, options)) {
      AtomicInteger values = new AtomicInteger();
      inThreads(
          thread -> {
            if (thread == 0) {
              while (values.get() < LARGE_VALUES) {
                byte[] value = new byte[LARGE];
                Arrays.fill(value, (byte) values.incrementAndGet());
                store.put(key(0), value);
              }
            } else if (thread < READERS_OF_LARGE) {
              while (values.get() < LARGE_VALUES) {
                byte[] found = store.get(key(0));
                assertTrue(found == null || isAllOfOneByte(found));
              }
            }
          });
      StoreInvariants.check(store);
    }
  }

  private static boolean isAllOfOneByte(byte[] value) {
    return Arrays.equals(value, 1, value.length, value, 0, value.length - 1);
  }

  /**
   * Nobody takes turns: the last state of a key must be that of one of the operations that nothing
   * followed, which are those that ended after the last one to start had started.
   */
  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void withoutTurnsTheLastStateIsOneThatNothingFollowed(StoreMode mode) throws Exception {
    long seed = System.nanoTime();
    AtomicLong clock = new AtomicLong();
    List<List<Operation>> operations = new ArrayList<>();
    for (int key = 0; key < KEYS; key++) {
      operations.add(new ArrayList<>());
    }
    BlobStoreOptions options = TestStores.small(mode);
    byte[][] before = new byte[KEYS][];
    try (BlobStore store = BlobStore.open(directory, options)) {
      inThreads(
          thread -> {
            Random random = new Random(seed + thread);
            for (int step = 0; step < STEPS; step++) {
              int key = random.nextInt(KEYS);
              if (random.nextInt(3) == 0) {
                Pattern.check(store, key, "seed " + seed);
                continue;
              }
              byte[] value =
                  random.nextInt(3) == 0 ? null : Pattern.value(key, thread, step, random);
              long start = clock.incrementAndGet();
              if (value == null) {
                store.delete(key(key));
              } else {
                store.put(key(key), value);
              }
              Operation done = new Operation(start, clock.incrementAndGet(), wrap(value));
              synchronized (operations.get(key)) {
                operations.get(key).add(done);
              }
            }
          });
      for (int key = 0; key < KEYS; key++) {
        before[key] = store.get(key(key));
        checkLast(operations.get(key), before[key], "key " + key + ", seed " + seed);
      }
      StoreInvariants.check(store);
    }
    try (BlobStore store = BlobStore.open(directory, options)) {
      compare(before, store, "reopened, seed " + seed);
    }
  }

  private record Operation(long start, long end, @Nullable ByteBuffer value) {}

  private static void checkLast(List<Operation> operations, byte[] found, String where) {
    long lastStart = operations.stream().mapToLong(Operation::start).max().orElse(0);
    boolean possible =
        operations.stream()
            .filter(operation -> operation.end >= lastStart)
            .anyMatch(operation -> Objects.equals(operation.value, wrap(found)));
    assertTrue(possible || operations.isEmpty(), where);
  }

  private static @Nullable ByteBuffer wrap(byte @Nullable [] value) {
    return value == null ? null : ByteBuffer.wrap(value);
  }

  private static void compare(byte[][] expected, BlobStore store, String where) {
    for (int key = 0; key < KEYS; key++) {
      assertArrayEquals(expected[key], store.get(key(key)), "key " + key + ", " + where);
    }
  }

  private static byte[] key(int number) {
    return new byte[] {'k', (byte) number};
  }

  private interface Task {
    void run(int thread) throws Exception;
  }

  private static void inThreads(Task task) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        int number = thread;
        tasks.add(
            () -> {
              task.run(number);
              return null;
            });
      }
      for (Future<Void> future : executor.invokeAll(tasks)) {
        future.get();
      }
    } finally {
      executor.shutdown();
    }
  }

  /** Values of which every eight bytes tell whose they are, so that a mix of two shows. */
  private static final class Pattern {

    private Pattern() {}

    static byte[] value(int key, int thread, int step, Random random) {
      int longs = random.nextInt(40) == 0 ? 9_000 : 1 + random.nextInt(900);
      ByteBuffer value = ByteBuffer.allocate(longs * Long.BYTES);
      long tag = (long) key << 48 | (long) thread << 32 | (long) step << 16;
      for (int i = 0; i < longs; i++) {
        value.putLong(tag ^ (long) longs << 40 ^ i);
      }
      return value.array();
    }

    /** Reads a key by copy and by view: each time all of it is of one value. */
    static void check(BlobStore store, int key, String where) {
      byte[] copy = store.get(key(key));
      if (copy != null) {
        checkWhole(ByteBuffer.wrap(copy), key, where);
      }
      try (Blob blob = store.view(key(key))) {
        if (blob != null) {
          checkWhole(blob.buffer(), key, where);
        }
      }
    }

    private static void checkWhole(ByteBuffer value, int key, String where) {
      int longs = value.remaining() / Long.BYTES;
      long first = value.getLong(0) ^ (long) longs << 40;
      assertEquals(key, (int) (first >>> 48), where);
      for (int i = 0; i < longs; i++) {
        assertEquals(first, value.getLong(i * Long.BYTES) ^ (long) longs << 40 ^ i, where);
      }
    }
  }
}
