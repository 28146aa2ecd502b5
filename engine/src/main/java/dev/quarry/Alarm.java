package dev.quarry;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs one task after a while. For one thread at a time. */
interface Alarm {

  /**
   * Has a task run once, in place of the one that was set before and has not begun.
   *
   * @param nanos how long from now, in nanoseconds
   */
  void set(long nanos, Runnable task);

  /** Forgets the task that was set, unless it has begun. */
  void cancel();

  /** An alarm whose tasks run on an executor's thread. */
  static Alarm on(ScheduledExecutorService executor) {
    return new Alarm() {

      private @Nullable ScheduledFuture<?> pending;

      @Override
      public void set(long nanos, Runnable task) {
        ScheduledFuture<?> next = executor.schedule(task, nanos, TimeUnit.NANOSECONDS);
        cancel(); // the one before stays if there is no memory for the next
        pending = next;
      }

      @Override
      public void cancel() {
        ScheduledFuture<?> before = pending;
        if (before != null) {
          before.cancel(false);
        }
      }
    };
  }

  /** An alarm that never goes off. */
  static Alarm silent() {
    return new Alarm() {

      @Override
      public void set(long nanos, Runnable task) {}

      @Override
      public void cancel() {}
    };
  }
}
