package dev.quarry.segment;

import java.nio.ByteBuffer;

/**
 * Hashes keys to 128 bits.
 *
 * <p>Safe for use by any number of threads. The two halves are returned separately so that a caller
 * on a hot path allocates nothing: {@link #hash} writes them into a holder the caller owns.
 */
public interface KeyHash {

  /** Hashes a key into {@code result}: the low half at index 0, the high half at index 1. */
  void hash(byte[] key, long[] result);

  /**
   * Hashes the key that lies in a buffer, the same as if it were an array.
   *
   * @param key little-endian, from index 0 to its limit; its position does not move
   */
  default void hash(ByteBuffer key, long[] result) {
    byte[] bytes = new byte[key.limit()];
    key.get(0, bytes);
    hash(bytes, result);
  }
}
