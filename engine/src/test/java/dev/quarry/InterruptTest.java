package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Interrupts at random moments, on the real file system, where one closes the channel it hits: no
 * operation fails because of it, none swallows it, and nothing is lost.
 */
class InterruptTest {

  private static final int ROUNDS = 150;
  private static final int KEYS = 12;

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final Interrupter interrupter = new Interrupter();
  private final Map<Integer, byte[]> model = new HashMap<>();
  private BlobStore store;

  @BeforeEach
  void start() {
    System.out.println("InterruptTest seed " + seed);
    interrupter.start();
  }

  @AfterEach
  void stop() {
    interrupter.target(null, 0);
    interrupter.ended = true;
    LockSupport.unpark(interrupter);
    Thread.interrupted();
  }

  /** Interrupts the thread it is told to, once, after a while. */
  private static final class Interrupter extends Thread {

    private record Order(Thread target, long atNanos) {}

    private volatile Order order;
    private volatile boolean ended;

    Interrupter() {
      super("interrupter");
      setDaemon(true);
    }

    void target(Thread target, long delayNanos) {
      order = target == null ? null : new Order(target, System.nanoTime() + delayNanos);
      LockSupport.unpark(this);
    }

    @Override
    public void run() {
      while (!ended) {
        Order now = order;
        if (now == null) {
          LockSupport.park(this);
        } else if (System.nanoTime() - now.atNanos >= 0) {
          now.target.interrupt();
          order = null;
        } else {
          Thread.onSpinWait();
        }
      }
    }

    boolean isDone() {
      return order == null;
    }
  }

  /** Runs something with an interrupt before it, at some moment of it, or shortly after it. */
  private void interrupted(long withinNanos, Runnable action) {
    if (random.nextInt(6) == 0) {
      Thread.currentThread().interrupt();
      action.run();
    } else {
      interrupter.target(Thread.currentThread(), (long) (random.nextDouble() * withinNanos));
      action.run();
      while (!interrupter.isDone()) {
        Thread.onSpinWait();
      }
    }
    assertTrue(Thread.interrupted(), "the interrupt was swallowed");
  }

  private void open(StoreMode mode) {
    store = BlobStore.open(directory, StoreFixture.options(mode));
  }

  private void check() {
    for (int i = 0; i < KEYS; i++) {
      assertArrayEquals(model.get(i), store.get(key(i)));
    }
    assertEquals(model.size(), store.stats().keys());
    assertNull(store.stats().failure());
  }

  private void put(int number, int length) {
    byte[] value = value(random.nextInt(), length);
    if (random.nextBoolean()) {
      store.put(key(number), value);
    } else {
      store.put(key(number), ByteBuffer.allocateDirect(length).put(0, value));
    }
    model.put(number, value);
  }

  private void view(int number) {
    try (Blob blob = store.view(key(number))) {
      byte[] expected = model.get(number);
      assertEquals(expected == null, blob == null);
      if (blob != null) {
        assertEquals(ByteBuffer.wrap(expected), blob.buffer());
      }
    }
  }

  private void step(StoreMode mode) {
    int number = random.nextInt(KEYS);
    long small = 3_000_000;
    switch (random.nextInt(11)) {
      case 0, 1, 2 -> interrupted(small, () -> put(number, random.nextInt(500)));
      case 3, 4 -> interrupted(small, () -> put(number, 10_000 + random.nextInt(30_000)));
      case 5 -> interrupted(6_000_000, () -> put(number, 70_000 + random.nextInt(200_000)));
      case 6 ->
          interrupted(100_000, () -> assertArrayEquals(model.get(number), store.get(key(number))));
      case 7 -> interrupted(100_000, () -> view(number));
      case 8 ->
          interrupted(
              small, () -> assertEquals(model.remove(number) != null, store.delete(key(number))));
      case 9 -> interrupted(small, store::sync);
      default -> {
        if (random.nextInt(4) == 0) {
          interrupted(
              4_000_000,
              () -> assertEquals(model.size(), StoreFixture.keys(store, KeyRange.all()).size()));
        } else {
          interrupted(4_000_000, store::close);
          interrupted(6_000_000, () -> open(mode));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void noOperationFailsOrSwallowsAnInterruptAndNothingIsLost(StoreMode mode) {
    open(mode);
    for (int round = 0; round < ROUNDS; round++) {
      step(mode);
      assertFalse(Thread.currentThread().isInterrupted());
    }
    check();
    store.close();
    open(mode);
    check();
    store.close();
  }

  /** Here a thread that leads a commit is hit while others wait for it. */
  @ParameterizedTest
  @EnumSource
  void interruptsOfOneThreadDoNotDisturbTheOthers(StoreMode mode) throws Exception {
    open(mode);
    int threads = 4;
    int each = 40;
    AtomicBoolean done = new AtomicBoolean();
    List<Thread> workers = new ArrayList<>();
    ExecutorService executor =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task);
              workers.add(thread);
              return thread;
            });
    List<Future<Integer>> results = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int first = t * each;
      Callable<Integer> puts =
          () -> {
            int hits = 0;
            for (int i = first; i < first + each; i++) {
              store.put(key(i), value(i, i % 10 == 9 ? 80_000 : 3_000));
              hits += Thread.interrupted() ? 1 : 0;
            }
            return hits;
          };
      results.add(executor.submit(puts));
    }
    List<Thread> targets = List.copyOf(workers);
    Thread storm =
        new Thread(
            () -> {
              Random choice = new Random(seed);
              while (!done.get()) {
                targets.get(choice.nextInt(threads)).interrupt();
                LockSupport.parkNanos(200_000);
              }
            });
    storm.start();
    int hits = 0;
    try {
      for (Future<Integer> result : results) {
        hits += result.get();
      }
    } finally {
      done.set(true);
      storm.join();
      executor.shutdown();
    }
    assertTrue(hits > 0, "nobody was hit");
    store.close();
    open(mode);
    for (int i = 0; i < threads * each; i++) {
      assertArrayEquals(value(i, i % 10 == 9 ? 80_000 : 3_000), store.get(key(i)));
    }
    store.close();
  }
}
