package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Bounds how long a record of a cache stays in memory alone: flushes the active slab when it has
 * been open for the idle time, full or not. A slab is opened by the writer of its first record, so
 * the time counts from the oldest record that is not on disk, and later puts do not put it off.
 *
 * <p>There is one alarm. Opening a slab sets it anew: the slab before was sealed by then, and is
 * being flushed. When the alarm goes off and leaves something that is not on disk, for instance
 * because the disk is full, it is set again for twice the time, up to a minute. When everything is
 * on disk it is not set, and an idle store does nothing at all.
 *
 * <p>A durable store needs none of this: what it acknowledged is in its log.
 *
 * <p>Safe for use by any number of threads. {@link #slabOpened} is called with the memtable's lock
 * held, so the flush is called without this object's.
 */
final class IdleFlush {

  private static final long LONGEST_WAIT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final long idleNanos;
  private final BooleanSupplier flush;

  @GuardedBy("this")
  private final Alarm alarm;

  /** How often the alarm was set for a slab that had been opened. */
  @GuardedBy("this")
  private long openings;

  @GuardedBy("this")
  private long waitNanos;

  @GuardedBy("this")
  private boolean running;

  /**
   * @param idle how long a slab may be open; zero for ever
   * @param flush has everything flushed that is not on disk; returns whether there is anything
   */
  IdleFlush(Duration idle, Alarm alarm, BooleanSupplier flush) {
    this.idleNanos = idle.toNanos();
    this.alarm = alarm;
    this.flush = flush;
  }

  /** Begins to count, for the slab that is open. */
  synchronized void start() {
    running = idleNanos > 0;
    slabOpened();
  }

  /** A slab is about to take its first record. */
  synchronized void slabOpened() {
    openings++;
    waitNanos = idleNanos;
    setAlarm();
  }

  private void goOff() {
    long before = openings();
    boolean unflushed = true; // unless the flush says otherwise, also if it throws
    try {
      unflushed = flush.getAsBoolean();
    } finally {
      if (unflushed) {
        tryAgain(before);
      }
    }
  }

  private synchronized long openings() {
    return openings;
  }

  /** Sets the alarm again, unless that was done for another slab meanwhile. */
  private synchronized void tryAgain(long before) {
    if (openings == before) {
      waitNanos = Math.max(idleNanos, Math.min(2 * waitNanos, LONGEST_WAIT_NANOS));
      setAlarm();
    }
  }

  @GuardedBy("this")
  private void setAlarm() {
    if (running) {
      alarm.set(waitNanos, this::goOff);
    }
  }

  /** Flushes no more. */
  synchronized void stop() {
    running = false;
    alarm.cancel();
  }
}
