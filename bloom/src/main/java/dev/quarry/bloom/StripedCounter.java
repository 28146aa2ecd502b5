package dev.quarry.bloom;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A sum that many threads add to, striped by thread. Unlike a {@link
 * java.util.concurrent.atomic.LongAdder}, which grows when threads meet, it allocates nothing after
 * construction, so that counting cannot fail. Safe for use by any number of threads.
 */
public final class StripedCounter {

  private static final int STRIPES =
      Integer.highestOneBit(Math.min(16, 2 * Runtime.getRuntime().availableProcessors()));

  /** A pair of cache lines, as processors fetch them in pairs. */
  private static final int STRIPE_LONGS = 128 / Long.BYTES;

  /** A stripe of padding first, to keep the array's length off the first sum. */
  private final AtomicLongArray sums = new AtomicLongArray((STRIPES + 1) * STRIPE_LONGS);

  /** Creates a counter at 0. */
  public StripedCounter() {}

  /** Adds one. */
  public void increment() {
    add(1);
  }

  /** Adds a number, which may be negative. */
  public void add(long number) {
    int stripe = (int) Thread.currentThread().getId() & (STRIPES - 1);
    sums.getAndAdd((stripe + 1) * STRIPE_LONGS, number);
  }

  /** What was added by all calls that had returned when this one began, and maybe by others. */
  public long sum() {
    long sum = 0;
    for (int i = 1; i <= STRIPES; i++) {
      sum += sums.get(i * STRIPE_LONGS);
    }
    return sum;
  }
}
