package dev.quarry;

import dev.quarry.segment.RecordFormat;

/** Faults in arguments, which are {@link IllegalArgumentException}s throughout. */
final class Arguments {

  private Arguments() {}

  static void require(boolean holds, String fault) {
    if (!holds) {
      throw new IllegalArgumentException(fault);
    }
  }

  /** A key has 1 to 65,535 bytes. */
  static void requireKey(byte[] key) {
    require(key != null, "the key is null");
    require(key.length > 0, "the key is empty");
    if (key.length > RecordFormat.MAX_KEY_LENGTH) {
      throw new IllegalArgumentException(
          "a key of "
              + key.length
              + " bytes is over the limit of "
              + RecordFormat.MAX_KEY_LENGTH
              + " bytes");
    }
  }
}
