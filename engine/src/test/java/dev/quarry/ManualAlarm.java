package dev.quarry;

import org.jspecify.annotations.Nullable;

/** An alarm that goes off when a test says so, in the test's thread. */
public final class ManualAlarm implements Alarm {

  private @Nullable Runnable task;
  private long nanos;
  private int timesSet;

  @Override
  public synchronized void set(long wait, Runnable next) {
    task = next;
    nanos = wait;
    timesSet++;
  }

  @Override
  public synchronized void cancel() {
    task = null;
  }

  /** Whether it would go off some time. */
  public synchronized boolean isSet() {
    return task != null;
  }

  /** For how many nanoseconds it was last set. */
  synchronized long nanos() {
    return nanos;
  }

  /** How often it was set. */
  synchronized int timesSet() {
    return timesSet;
  }

  private synchronized @Nullable Runnable take() {
    Runnable due = task;
    task = null;
    return due;
  }

  /** Goes off, if it is set. */
  public void goOff() {
    Runnable due = take();
    if (due != null) {
      due.run();
    }
  }
}
