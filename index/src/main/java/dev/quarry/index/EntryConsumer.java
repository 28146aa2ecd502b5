package dev.quarry.index;

/** Receives the entries of a scan of the index. */
@FunctionalInterface
public interface EntryConsumer {

  /**
   * Takes one entry. No lock of the index is held meanwhile.
   *
   * @param low the low half of the key's hash
   * @param high what the index keeps of the high half: its upper 32 bits and its lowest 8, with
   *     zeros between; every method of the index accepts it in place of the full half
   * @param location the {@link Location} of the newest record
   * @param length the record's length in bytes
   * @param visited whether the visited bit was set
   */
  void accept(long low, long high, long location, long length, boolean visited);
}
