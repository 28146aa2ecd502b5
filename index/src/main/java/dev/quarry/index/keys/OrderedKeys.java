package dev.quarry.index.keys;

/**
 * A cursor over user keys in the order of their unsigned bytes, a key before those it is a prefix
 * of. It sees the index as it was when the cursor was made.
 *
 * <p>It starts before the first key. An open cursor keeps the files it reads on disk, and its
 * blocks in memory, until it is closed. For one thread at a time; closing the index under it is
 * safe.
 */
public final class OrderedKeys implements AutoCloseable {

  private final RocksDatabase.Cursor names;

  OrderedKeys(RocksDatabase.Cursor names) {
    this.names = names;
  }

  /**
   * Moves to the next key.
   *
   * @return false when there is none; the cursor then stays behind the last
   * @throws KeyIndexDamagedException if the database is damaged here, or has been replaced
   * @throws dev.quarry.StoreClosedException if the cursor or the index is closed
   */
  public boolean next() {
    return names.next();
  }

  /**
   * The key the cursor is at, in a new array.
   *
   * @throws IllegalStateException unless the last {@link #next} returned true
   * @throws KeyIndexDamagedException if the database has been replaced
   * @throws dev.quarry.StoreClosedException if the cursor or the index is closed
   */
  public byte[] key() {
    return KeySpace.key(names.name());
  }

  /** Releases what the cursor holds; nothing happens when that has been done. */
  @Override
  public void close() {
    names.close();
  }
}
