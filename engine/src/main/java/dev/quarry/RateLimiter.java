package dev.quarry;

import java.util.concurrent.locks.LockSupport;

/**
 * Holds one thread back to a number of bytes a second, on average over a tenth of a second. Only
 * {@link #stop} is for other threads.
 */
final class RateLimiter {

  private static final long SECOND = 1_000_000_000;
  private static final long BURST = SECOND / 10;

  private final long bytesPerSecond;

  /** When all that was taken so far will have been due. */
  private long due = System.nanoTime();

  private volatile boolean stopped;

  /**
   * @param bytesPerSecond {@link Long#MAX_VALUE} for no limit
   */
  RateLimiter(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Waits until some more bytes are due. */
  void take(long bytes) {
    if (bytesPerSecond == Long.MAX_VALUE) {
      return;
    }
    long now = System.nanoTime();
    due = Math.max(due, now - BURST) + (long) ((double) bytes * SECOND / bytesPerSecond);
    while (!stopped && due - System.nanoTime() > 0) {
      LockSupport.parkNanos(this, Math.min(BURST, due - System.nanoTime()));
    }
  }

  /** Ends all limits, as the store is being closed. */
  void stop() {
    stopped = true;
  }
}
