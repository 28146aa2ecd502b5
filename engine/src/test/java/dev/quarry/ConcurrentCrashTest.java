package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many threads on the simulated disk when the power fails. Each key has one writer, whose values
 * count up, so that of each key the last version acknowledged, seen by a reader, and attempted are
 * known: what recovery brings is not older than the first two and not newer than the last.
 */
@Tag("slow")
class ConcurrentCrashTest {

  private static final Path ROOT = Path.of("/store");
  private static final int WRITERS = 6;
  private static final int READERS = 2;
  private static final int KEYS_EACH = 4;
  private static final int KEYS = WRITERS * KEYS_EACH;
  private static final int ROUNDS = 40;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void noThreadLosesWhatItWasPromisedOrHasSeen(long seed) throws InterruptedException {
    Random random = new Random(seed);
    SimulatedDisk disk = new SimulatedDisk(seed);
    History history = new History();
    for (int round = 0; round < ROUNDS; round++) {
      BlobStore store = open(disk);
      history.check(store, seed, round);
      disk.crashAfter(1 + random.nextInt(250)); // the store is busy already
      history.run(store);
      disk = disk.afterCrash(Survival.RANDOM, random.nextLong());
    }
  }

  private static BlobStore open(SimulatedDisk disk) {
    return BlobStore.open(ROOT, TestStores.small(StoreMode.DURABLE), TestStores.threaded(disk));
  }

  private static final class History {

    private final AtomicLong[] attempted = longs();
    private final AtomicLong[] acknowledged = longs();
    private final AtomicLong[] seen = longs();

    private static AtomicLong[] longs() {
      AtomicLong[] longs = new AtomicLong[KEYS];
      for (int i = 0; i < KEYS; i++) {
        longs[i] = new AtomicLong();
      }
      return longs;
    }

    void run(BlobStore store) throws InterruptedException {
      List<Thread> threads = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int first = writer * KEYS_EACH;
        threads.add(new Thread(() -> untilTheCrash(() -> write(store, first))));
      }
      for (int reader = 0; reader < READERS; reader++) {
        threads.add(new Thread(() -> untilTheCrash(() -> read(store))));
      }
      AtomicLong unexpected = new AtomicLong();
      for (Thread thread : threads) {
        thread.setUncaughtExceptionHandler(
            (dead, e) -> {
              e.printStackTrace();
              unexpected.incrementAndGet();
            });
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(0, unexpected.get());
      untilTheCrash(store::close);
    }

    private static void untilTheCrash(Runnable task) {
      try {
        task.run();
      } catch (SimulatedCrashException | StoreFailedException e) {
        // the power is off
      }
    }

    private void write(BlobStore store, int first) {
      Random random = new Random();
      for (; ; ) {
        int key = first + random.nextInt(KEYS_EACH);
        long version = attempted[key].incrementAndGet();
        store.put(new byte[] {(byte) key}, value(key, version));
        acknowledged[key].set(version);
      }
    }

    private void read(BlobStore store) {
      Random random = new Random();
      while (store.stats().failure() == null) {
        int key = random.nextInt(KEYS);
        seen[key].accumulateAndGet(version(store, key), Math::max);
      }
    }

    void check(BlobStore store, long seed, int round) {
      for (int key = 0; key < KEYS; key++) {
        long version = version(store, key);
        String where = "key " + key + ", seed " + seed + ", round " + round;
        assertTrue(version >= acknowledged[key].get(), where + ": lost what was acknowledged");
        assertTrue(version >= seen[key].get(), where + ": lost what was seen");
        assertTrue(version <= attempted[key].get(), where + ": has what was never put");
        attempted[key].set(version);
        acknowledged[key].set(version);
        seen[key].set(version);
      }
      StoreInvariants.check(store);
    }

    private static byte[] value(int key, long version) {
      byte[] value = new byte[16 + (int) (version * 977 % 9_000)];
      ByteBuffer.wrap(value).putLong(key).putLong(version);
      return value;
    }

    private static long version(BlobStore store, int key) {
      byte[] value = store.get(new byte[] {(byte) key});
      if (value == null) {
        return 0;
      }
      assertEquals(key, ByteBuffer.wrap(value).getLong(0));
      return ByteBuffer.wrap(value).getLong(8);
    }
  }
}
