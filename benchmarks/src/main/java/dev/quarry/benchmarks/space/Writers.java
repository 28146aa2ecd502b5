package dev.quarry.benchmarks.space;

import dev.quarry.benchmarks.measure.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Threads that share a number of operations. */
final class Writers {

  private static final long PAUSE_MILLIS = 5;

  private final int threads;
  private final int longestValue;

  /**
   * @param longestValue in bytes, of those that the threads put
   */
  Writers(int threads, int longestValue) {
    this.threads = threads;
    this.longestValue = longestValue;
  }

  /** One of the operations. */
  @FunctionalInterface
  interface Operation {

    /**
     * Does it.
     *
     * @param number of the operation, from 0
     * @param values for this thread
     */
    void run(long number, Values values);
  }

  /**
   * Runs operations, and a task beside them as often as it can until they are done.
   *
   * @throws ExecutionException if an operation failed; some of the others were not run
   */
  void run(long operations, Operation operation, Runnable beside)
      throws InterruptedException, ExecutionException {
    AtomicLong next = new AtomicLong();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        work.add(executor.submit(() -> work(next, operations, operation)));
      }
      while (!work.stream().allMatch(Future::isDone)) {
        beside.run();
        Thread.sleep(PAUSE_MILLIS);
      }
      for (Future<?> thread : work) {
        thread.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private void work(AtomicLong next, long operations, Operation operation) {
    Values values = new Values(longestValue, 1);
    try {
      for (long i = next.getAndIncrement(); i < operations; i = next.getAndIncrement()) {
        operation.run(i, values);
      }
    } catch (RuntimeException | Error e) {
      next.set(operations); // the other threads need not go on
      throw e;
    }
  }
}
