package dev.quarry.benchmarks.measure;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Keys and values of which a reader can tell that they belong together: a value begins with the
 * number of its key and its own length, and goes on at random. Used by one thread.
 */
public final class Values {

  /** Bytes of a key. */
  public static final int KEY_BYTES = Long.BYTES;

  /** Bytes of the shortest value. */
  public static final int LEAST_BYTES = 2 * Long.BYTES;

  private final ByteBuffer random;

  /**
   * Creates a source of values.
   *
   * @param longest value, in bytes, at least {@link #LEAST_BYTES}
   */
  public Values(int longest, long seed) {
    byte[] bytes = new byte[longest];
    new SplittableRandom(seed).nextBytes(bytes);
    random = ByteBuffer.allocateDirect(longest).put(bytes).clear();
  }

  /** The key of a number. */
  public static byte[] key(long number) {
    return ByteBuffer.allocate(KEY_BYTES).putLong(number).array();
  }

  /** A value, until the next is asked for. */
  public ByteBuffer value(long number, int length) {
    return random.clear().putLong(0, number).putLong(Long.BYTES, length).limit(length);
  }

  /** Whether a value is one of a key. */
  public static boolean belongs(ByteBuffer value, long number) {
    return value.getLong(value.position()) == number
        && value.getLong(value.position() + Long.BYTES) == value.remaining();
  }
}
