package dev.quarry.segment;

/**
 * Hashes keys to 128 bits.
 *
 * <p>Safe for use by any number of threads. The two halves are returned separately so that a caller
 * on a hot path allocates nothing: {@link #hash} writes them into a holder the caller owns.
 */
public interface KeyHash {

  /** Hashes a key into {@code result}: the low half at index 0, the high half at index 1. */
  void hash(byte[] key, long[] result);
}
