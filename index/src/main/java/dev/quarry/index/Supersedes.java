package dev.quarry.index;

/** Decides which of two records of one key is the newer. */
@FunctionalInterface
public interface Supersedes {

  /**
   * Whether the record with this sequence number is newer than the one the index points at.
   *
   * <p>Called under the lock of the key's shard: it must be quick, must not wait for another
   * thread's change to the index, and must not call the index.
   *
   * @param existingLocation the {@link Location} the index holds for the key, never none
   * @param sequence the sequence number of the record about to be published
   */
  boolean supersedes(long existingLocation, long sequence);
}
