package dev.quarry.crash.process;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What each version of each key is: made from a seed, so that the process that writes it and the
 * one that checks it agree, and every byte of a value that was found can be told to be right.
 */
final class Writes {

  private static final int HEAD = Integer.BYTES + Long.BYTES;
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private final long seed;

  Writes(long seed) {
    this.seed = seed;
  }

  static byte[] key(int number) {
    return ("key " + number).getBytes(StandardCharsets.US_ASCII);
  }

  private SplittableRandom random(int key, long version) {
    return new SplittableRandom(seed ^ (version * 1_000 + key) * MIX);
  }

  /** Whether a version of a key is its absence. */
  boolean isDelete(int key, long version) {
    return random(key, version).nextInt(5) == 0;
  }

  /** The value of a version that has one: most fit a slab many times, few do not fit it. */
  byte[] value(int key, long version) {
    SplittableRandom random = random(key, version);
    int kind = random.nextInt(100);
    int most = kind < 40 ? 500 : kind < 97 ? 12_000 : 150_000;
    byte[] value = new byte[HEAD + random.nextInt(most)];
    random.nextBytes(value);
    ByteBuffer.wrap(value).putInt(key).putLong(version);
    return value;
  }

  /**
   * The version that a value is of.
   *
   * @throws AssertionError if it is of none
   */
  long versionOf(int key, byte[] value) {
    if (value.length >= HEAD) {
      ByteBuffer head = ByteBuffer.wrap(value);
      int of = head.getInt();
      long version = head.getLong();
      if (of == key && !isDelete(key, version) && Arrays.equals(value, value(key, version))) {
        return version;
      }
    }
    throw new AssertionError("key " + key + " has a value that was never put");
  }
}
