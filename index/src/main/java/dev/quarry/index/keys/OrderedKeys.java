package dev.quarry.index.keys;

/**
 * A cursor over user keys in the order of their unsigned bytes, a key before those it is a prefix
 * of. It sees the index as it was when the cursor was made.
 *
 * <p>It starts before the first key. An open cursor keeps what it reads, files included, until it
 * is closed. For one thread at a time; closing the index under it is safe.
 */
public interface OrderedKeys extends AutoCloseable {

  /**
   * Moves to the next key.
   *
   * @return false when there is none; the cursor then stays behind the last
   * @throws KeyIndexDamagedException if the index is damaged here, or has been replaced
   * @throws KeyIndexUnavailableException if the index cannot be read
   * @throws dev.quarry.StoreClosedException if the cursor or the index is closed
   */
  boolean next();

  /**
   * Leaves keys out: {@link #next} then moves to the first key from a given one on. There is no way
   * back.
   *
   * @param from above the key the cursor is at
   * @throws KeyIndexDamagedException if the index is damaged here, or has been replaced
   * @throws dev.quarry.StoreClosedException if the cursor or the index is closed
   */
  void seek(byte[] from);

  /**
   * The key the cursor is at, in a new array.
   *
   * @throws IllegalStateException unless the last call was of {@link #next} and returned true
   * @throws KeyIndexDamagedException if the index has been replaced
   * @throws dev.quarry.StoreClosedException if the cursor or the index is closed
   */
  byte[] key();

  /** Releases what the cursor holds; nothing happens when that has been done. */
  @Override
  void close();
}
