package dev.quarry.segment;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a step that can neither be refused nor left undone is tried again while something lacks:
 * at first every millisecond, then less and less often, for about ten seconds. Allocates nothing
 * after {@link #prepare}.
 */
public final class Patience {

  private static final int ATTEMPTS = 200;
  private static final int ATTEMPTS_OF_ONE_LENGTH = 8;
  private static final int LONGEST_SHIFT = 6;

  private static volatile boolean prepared;

  private Patience() {}

  /** Has the JVM load and link what a pause calls, which takes memory. */
  public static void prepare() {
    if (!prepared) {
      pause(0);
      prepared = true;
    }
  }

  /**
   * Pauses after an attempt that a lack ended. An interrupt does not cut the pause short; the
   * interrupt status stays.
   *
   * @param attempt its number, from 0
   * @return false at once when there have been enough
   */
  public static boolean pause(int attempt) {
    if (attempt >= ATTEMPTS) {
      return false;
    }
    long millis = 1L << Math.min(attempt / ATTEMPTS_OF_ONE_LENGTH, LONGEST_SHIFT);
    boolean interrupted = Thread.interrupted();
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return true;
  }
}
