package dev.quarry.index.sieve;

/**
 * The newest records, at which the hand does not look: a record is given the time in which a share
 * of the cache is written to be read for the first time. Without it SIEVE evicts young records that
 * are about to be read whenever its hand is near the head.
 */
public final class GraceZone {

  private static final int SHARE = 20;

  private GraceZone() {}

  /**
   * How much of what was written last is in the zone: 5 % of the cache.
   *
   * @param capacity of the cache, in bytes, from 0
   * @return bytes, or in whatever unit the capacity is
   */
  public static long of(long capacity) {
    return capacity / SHARE;
  }
}
