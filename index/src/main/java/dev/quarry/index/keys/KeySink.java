package dev.quarry.index.keys;

/** Takes what one segment says of its keys. The order of the calls is kept: the last one wins. */
public interface KeySink {

  /**
   * The segment holds a record of this key.
   *
   * @param key 1 to 65,535 bytes, copied
   */
  void put(byte[] key);

  /**
   * The segment holds a tombstone of this key and the key is not live, nor can a crash bring it
   * back.
   *
   * @param key 1 to 65,535 bytes, copied
   */
  void delete(byte[] key);

  /**
   * Some keys of the segment cannot be read: it is not to be covered, so that they are looked for
   * again when the index is opened next.
   */
  default void leaveUncovered() {}
}
