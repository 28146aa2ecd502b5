package dev.quarry.index.keys;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the entries of the database are called. The first byte of a name tells the kinds apart:
 *
 * <pre>
 *   00 | segment id, 8 bytes big-endian   ->  fingerprint of the segment, 8 bytes big-endian
 *   01 | user key                         ->  nothing
 * </pre>
 *
 * <p>RocksDB orders names as unsigned bytes, so all sentinels come before all keys, and keys come
 * in the order of the user's bytes. A release that changes the meaning of a key must give sentinels
 * another first byte, so that what an older one wrote covers nothing.
 */
final class KeySpace {

  private static final byte SENTINEL = 0;
  private static final byte KEY = 1;
  private static final byte BEYOND_KEYS = 2;

  private KeySpace() {}

  /** The name of a segment's sentinel. */
  static byte[] sentinel(long segmentId) {
    return ByteBuffer.allocate(1 + Long.BYTES).put(SENTINEL).putLong(segmentId).array();
  }

  /** The segment whose sentinel has this name. */
  static long segmentId(byte[] sentinel) {
    return ByteBuffer.wrap(sentinel).getLong(1);
  }

  /** The value of a sentinel. */
  static byte[] fingerprint(long fingerprint) {
    return ByteBuffer.allocate(Long.BYTES).putLong(fingerprint).array();
  }

  /** The name of a user key. */
  static byte[] name(byte[] key) {
    byte[] name = new byte[1 + key.length];
    name[0] = KEY;
    System.arraycopy(key, 0, name, 1, key.length);
    return name;
  }

  /** The user key that has this name. */
  static byte[] key(byte[] name) {
    return Arrays.copyOfRange(name, 1, name.length);
  }

  /** Not above the name of any user key from this one on; null stands for the first. */
  static byte[] lowerBound(byte @Nullable [] key) {
    return key == null ? firstKey() : name(key);
  }

  /** Above the name of every user key before this one; null stands for one beyond the last. */
  static byte[] upperBound(byte @Nullable [] key) {
    return key == null ? new byte[] {BEYOND_KEYS} : name(key);
  }

  /** Not above the name of any sentinel. */
  static byte[] firstSentinel() {
    return new byte[] {SENTINEL};
  }

  /** Above the name of every sentinel, and not above that of any user key. */
  static byte[] firstKey() {
    return new byte[] {KEY};
  }
}
