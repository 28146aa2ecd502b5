package dev.quarry;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A range of keys in the order of their unsigned bytes, in which a key comes before those it is a
 * prefix of. Immutable.
 */
public final class KeyRange {

  private static final KeyRange ALL = new KeyRange(null, null);

  private final byte @Nullable [] from;
  private final byte @Nullable [] to;

  private KeyRange(byte @Nullable [] from, byte @Nullable [] to) {
    this.from = from;
    this.to = to;
  }

  /** Every key. */
  public static KeyRange all() {
    return ALL;
  }

  /** The keys that begin with these bytes; every key when there are none. */
  public static KeyRange prefix(byte[] prefix) {
    Arguments.require(prefix != null, "prefix is null");
    int length = prefix.length;
    while (length > 0 && prefix[length - 1] == (byte) 0xFF) {
      length--;
    }
    if (length == 0) {
      return new KeyRange(prefix.length == 0 ? null : prefix.clone(), null);
    }
    byte[] to = Arrays.copyOf(prefix, length);
    to[length - 1]++;
    return new KeyRange(prefix.clone(), to);
  }

  /** The keys from one on. */
  public static KeyRange from(byte[] from) {
    Arguments.require(from != null, "from is null");
    return new KeyRange(from.clone(), null);
  }

  /**
   * The keys from one on, up to another.
   *
   * @param from the first key of the range
   * @param to the first key that is no longer in the range; none are if it is at or before {@code
   *     from}
   */
  public static KeyRange between(byte[] from, byte[] to) {
    Arguments.require(from != null, "from is null");
    Arguments.require(to != null, "to is null");
    return new KeyRange(from.clone(), to.clone());
  }

  /** The first key of the range; null for the lowest there is. */
  byte @Nullable [] from() {
    return from;
  }

  /** The first key behind the range; null when there is no end. */
  byte @Nullable [] to() {
    return to;
  }

  /** The part of this range that lies behind a key of it. */
  KeyRange after(byte[] key) {
    return new KeyRange(Arrays.copyOf(key, key.length + 1), to);
  }

  /** Whether a key lies in the range. */
  public boolean contains(byte[] key) {
    Arguments.require(key != null, "key is null");
    return (from == null || Arrays.compareUnsigned(from, key) <= 0)
        && (to == null || Arrays.compareUnsigned(key, to) < 0);
  }
}
