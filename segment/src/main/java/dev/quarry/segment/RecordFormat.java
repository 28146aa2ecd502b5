package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The layout of one record, which begins at a multiple of 8 bytes.
 *
 * <pre>
 *  0  4  length: header + key + value, in bytes, without padding; stored last, with release
 *  4  4  CRC-32C of bytes 0-3 and 8-23, exclusive-or a hash of (store, segment, offset)
 *  8  8  sequence number
 * 16  4  CRC-32C of key and value
 * 20  2  key length
 * 22  1  kind
 * 23  1  zero
 * 24  .  key, value, zeros up to a multiple of 8
 * </pre>
 *
 * The hash of the place binds a record to where it was written: one left over in a recycled block,
 * or misplaced by the medium, fails its header check. All integers are little-endian and unsigned.
 */
public final class RecordFormat {

  /** A key and its value. */
  public static final byte PUT = 1;

  /** A key that was deleted; no value. */
  public static final byte TOMBSTONE = 2;

  /** No key; the value is how far the log was durable when the record was written, 8 bytes. */
  public static final byte COMMIT_MARK = 3;

  /** Nothing: a record that was refused or given up after its place was taken. */
  public static final byte VOID = 4;

  /** No key; the value is a {@link Batch} of records that a cache evicted. */
  public static final byte EVICTIONS = 5;

  /** No key; the value is a {@link Batch} of the segments that this one replaces. */
  public static final byte REPLACES = 6;

  /** Records begin at a multiple of this many bytes. */
  public static final int ALIGNMENT = 8;

  /** The longest key, in bytes. No value is longer than {@link Integer#MAX_VALUE} bytes. */
  public static final int MAX_KEY_LENGTH = 0xFFFF;

  static final int LENGTH_OFFSET = 0;
  static final int CHECK_OFFSET = LENGTH_OFFSET + 4;
  static final int SEQUENCE_OFFSET = CHECK_OFFSET + 4;
  static final int PAYLOAD_CRC_OFFSET = SEQUENCE_OFFSET + 8;
  static final int KEY_LENGTH_OFFSET = PAYLOAD_CRC_OFFSET + 4;
  static final int KIND_OFFSET = KEY_LENGTH_OFFSET + 2;

  /** Bytes before the key. */
  public static final int HEADER_LENGTH = KIND_OFFSET + 2;

  /** Bytes of a commit mark. */
  public static final int COMMIT_MARK_LENGTH = HEADER_LENGTH + Long.BYTES;

  private static final ThreadLocal<byte[]> SCRATCH =
      ThreadLocal.withInitial(() -> new byte[HEADER_LENGTH - 4]);

  private RecordFormat() {}

  /** Bytes of a record, without padding. */
  public static long length(int keyLength, long valueLength) {
    return HEADER_LENGTH + keyLength + valueLength;
  }

  /** A length, or offset, rounded up to where the next record may begin. */
  public static long align(long length) {
    return length + ALIGNMENT - 1 & -ALIGNMENT;
  }

  /** What binds records to a segment of a store; one factor of every header check in it. */
  public static long salt(UUID storeId, long segmentId) {
    return mix(
        mix(storeId.getMostSignificantBits()) ^ mix(storeId.getLeastSignificantBits() + segmentId));
  }

  /** The record's length, or 0 when there is none. */
  public static long length(ByteBuffer buffer, int offset) {
    return Integer.toUnsignedLong(buffer.getInt(offset + LENGTH_OFFSET));
  }

  /** The record's sequence number. */
  public static long sequence(ByteBuffer buffer, int offset) {
    return buffer.getLong(offset + SEQUENCE_OFFSET);
  }

  /** The CRC-32C of key and value that the record holds. */
  public static int payloadCrc(ByteBuffer buffer, int offset) {
    return buffer.getInt(offset + PAYLOAD_CRC_OFFSET);
  }

  /** Bytes in the record's key. */
  public static int keyLength(ByteBuffer buffer, int offset) {
    return Short.toUnsignedInt(buffer.getShort(offset + KEY_LENGTH_OFFSET));
  }

  /** Bytes in the record's value. */
  public static long valueLength(ByteBuffer buffer, int offset) {
    return length(buffer, offset) - HEADER_LENGTH - keyLength(buffer, offset);
  }

  /** The record's kind. */
  public static byte kind(ByteBuffer buffer, int offset) {
    return buffer.get(offset + KIND_OFFSET);
  }

  /** Writes all of a record's header but its length, which {@link #length} readers wait for. */
  static void encodeHeader(
      ByteBuffer buffer,
      int offset,
      long salt,
      long length,
      long sequence,
      int payloadCrc,
      int keyLength,
      byte kind) {
    buffer.putLong(offset + SEQUENCE_OFFSET, sequence);
    buffer.putInt(offset + PAYLOAD_CRC_OFFSET, payloadCrc);
    buffer.putShort(offset + KEY_LENGTH_OFFSET, (short) keyLength);
    buffer.put(offset + KIND_OFFSET, kind);
    buffer.put(offset + KIND_OFFSET + 1, (byte) 0);
    buffer.putInt(
        offset + CHECK_OFFSET,
        check((int) length, sequence, payloadCrc, tailWord(buffer, offset), salt, offset));
  }

  /**
   * Whether the bytes at an offset are the header of a record written there, in that segment of
   * that store, with lengths and a kind that can be. Says nothing about where the record ends.
   *
   * @param buffer little-endian, with at least {@link #HEADER_LENGTH} bytes from the offset on
   */
  public static boolean isHeader(ByteBuffer buffer, int offset, long salt) {
    int length = buffer.getInt(offset + LENGTH_OFFSET);
    if (length == 0) {
      return false;
    }
    int check =
        check(
            length,
            sequence(buffer, offset),
            payloadCrc(buffer, offset),
            tailWord(buffer, offset),
            salt,
            offset);
    return check == buffer.getInt(offset + CHECK_OFFSET) && isPossible(buffer, offset);
  }

  private static boolean isPossible(ByteBuffer buffer, int offset) {
    int keyLength = keyLength(buffer, offset);
    long valueLength = valueLength(buffer, offset);
    if (valueLength < 0 || valueLength > Integer.MAX_VALUE) {
      return false;
    }
    return switch (kind(buffer, offset)) {
      case PUT -> keyLength > 0;
      case TOMBSTONE -> keyLength > 0 && valueLength == 0;
      case COMMIT_MARK -> keyLength == 0 && valueLength == Long.BYTES;
      case VOID -> keyLength == 0;
      case EVICTIONS, REPLACES ->
          keyLength == 0 && valueLength > 0 && valueLength % Batch.ENTRY_LENGTH == 0;
      default -> false;
    };
  }

  private static int tailWord(ByteBuffer buffer, int offset) {
    return buffer.getInt(offset + KEY_LENGTH_OFFSET);
  }

  /** Makes what {@link #encodeHeader} uses in this thread, which then takes no more memory. */
  static void prepareThread() {
    Checksum.of(SCRATCH.get(), 0, 0);
  }

  private static int check(
      int length, long sequence, int payloadCrc, int tailWord, long salt, int offset) {
    byte[] scratch = SCRATCH.get();
    putInt(scratch, 0, length);
    putInt(scratch, 4, (int) sequence);
    putInt(scratch, 8, (int) (sequence >>> 32));
    putInt(scratch, 12, payloadCrc);
    putInt(scratch, 16, tailWord);
    return Checksum.of(scratch, 0, scratch.length) ^ (int) (mix(salt + offset) >>> 32);
  }

  private static void putInt(byte[] bytes, int offset, int value) {
    bytes[offset] = (byte) value;
    bytes[offset + 1] = (byte) (value >>> 8);
    bytes[offset + 2] = (byte) (value >>> 16);
    bytes[offset + 3] = (byte) (value >>> 24);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Generators). */
  static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
