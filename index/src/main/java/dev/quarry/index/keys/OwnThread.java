package dev.quarry.index.keys;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs what must not meet an interrupt, nor take one from its caller, in a thread of its own. */
final class OwnThread {

  /** What became of a task. */
  private static final class Outcome {

    private volatile boolean done;
    private volatile @Nullable Throwable failure;

    void of(Runnable task) {
      try {
        task.run();
        done = true;
      } catch (Throwable e) {
        failure = e;
      }
    }
  }

  private OwnThread() {}

  /**
   * Runs a task and waits for it, whatever interrupts come; throws what it throws, if unchecked.
   *
   * @param most how long it may take; a task that takes longer goes on by itself
   * @throws IllegalStateException if it does, or if its thread did not begin it
   */
  static void run(String name, Duration most, Runnable task) {
    Outcome outcome = new Outcome();
    Thread thread = new Thread(() -> outcome.of(task), name);
    thread.setDaemon(true);
    thread.start();
    join(thread, System.nanoTime() + most.toNanos());
    Throwable failure = outcome.failure;
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (!outcome.done) {
      throw new IllegalStateException(name + " has not ended within " + most.toSeconds() + " s");
    }
  }

  private static void join(Thread thread, long deadline) {
    boolean interrupted = false;
    long left = deadline - System.nanoTime();
    while (thread.isAlive() && left > 0) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      left = deadline - System.nanoTime();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
