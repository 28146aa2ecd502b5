package dev.quarry.bloom;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts adds that began and adds that ended, so that one thread can wait until none is under way.
 *
 * <p>Striped by thread, as every put passes here twice; each stripe has its own pair of cache lines
 * (processors fetch lines in pairs). An add may end in another thread than it began in.
 *
 * <p>All accesses are volatile ones, hence in one total order. Safe for use by any number of
 * threads; nothing is allocated after construction.
 */
final class AddsInFlight {

  private static final int STRIPES =
      Integer.highestOneBit(Math.min(64, 4 * Runtime.getRuntime().availableProcessors()));

  private static final int STRIPE_LONGS = 128 / Long.BYTES;

  private static final int BEGUN = 0;
  private static final int ENDED = 1;

  /** A stripe of padding first, to keep the array's length off the first counters. */
  private final AtomicLongArray counters = new AtomicLongArray((STRIPES + 1) * STRIPE_LONGS);

  void begin() {
    counters.getAndIncrement(stripe() + BEGUN);
  }

  void end() {
    counters.getAndIncrement(stripe() + ENDED);
  }

  /**
   * Whether every add that began before this call has ended.
   *
   * <p>The ends are summed before the beginnings: each end counted then has its beginning counted
   * too, so the sums are equal only if each beginning counted, which is every one from before this
   * call, has its end.
   */
  boolean allEnded() {
    long ended = sum(ENDED);
    return ended == sum(BEGUN);
  }

  private long sum(int counter) {
    long sum = 0;
    for (int i = 1; i <= STRIPES; i++) {
      sum += counters.get(i * STRIPE_LONGS + counter);
    }
    return sum;
  }

  private static int stripe() {
    int stripe = (int) Thread.currentThread().getId() & (STRIPES - 1);
    return (stripe + 1) * STRIPE_LONGS;
  }
}
