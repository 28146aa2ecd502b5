package dev.quarry.crash.history;

import dev.quarry.BlobStore;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreFullException;
import dev.quarry.segment.SimulatedCrashException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Threads that write at the same time, each to keys of its own, and read all. */
final class ThreadBatch {

  private static final int OPERATIONS = 12;

  private final Oracle oracle;
  private final Shape shape;
  private final BlobStore store;
  private final Step step;

  /** What stopped the first thread that was. */
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  ThreadBatch(Oracle oracle, Shape shape, BlobStore store, Step step) {
    this.oracle = oracle;
    this.shape = shape;
    this.store = store;
    this.step = step;
  }

  /** Returns when all are done; throws what stopped one of them, a broken promise first. */
  void run() {
    int count = Math.min(step.amount(), shape.keys());
    SplittableRandom random = step.random();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      SplittableRandom own = random.split();
      Thread thread = new Thread(() -> guarded(number, count, own), "writer " + i);
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    threads.forEach(ThreadBatch::join);
    Throwable first = failure.get();
    if (first instanceof Error error) {
      throw error;
    } else if (first != null) {
      throw (RuntimeException) first;
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  private void guarded(int number, int count, SplittableRandom random) {
    try {
      for (int i = 0; i < OPERATIONS; i++) {
        operate(number, count, random);
      }
    } catch (SimulatedCrashException | StoreFailedException e) {
      failure.compareAndSet(null, e);
    } catch (RuntimeException | Error e) {
      failure.set(e);
    }
  }

  private static int size(SplittableRandom random) {
    return random.nextInt(random.nextBoolean() ? 300 : 12_000);
  }

  private void operate(int number, int count, SplittableRandom random) {
    int own = number + count * random.nextInt((shape.keys() - number + count - 1) / count);
    try {
      switch (random.nextInt(8)) {
        case 0, 1 -> oracle.delete(own, store);
        case 2, 3 -> oracle.read(random.nextInt(shape.keys()), store);
        case 4 -> oracle.put(own, size(random), Step.Kind.PUT_STREAM, store);
        default -> oracle.put(own, size(random), Step.Kind.PUT, store);
      }
    } catch (StoreFullException | ResourceExhaustedException e) {
      // no more than a refusal
    }
  }
}
