package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The layout of what follows the records of a segment: one entry a put, tombstone or entry of a
 * batch, in the order of the records, zeros, and a trailer that ends with the file at a multiple of
 * {@link Disk#BLOCK}.
 *
 * <pre>
 * entry:   0  8  low half of the key's hash
 *          8  8  high half
 *         16  4  offset of the record / 8
 *         20  4  length of the record, unsigned
 *         24  8  sequence number &lt;&lt; 8 | kind
 *
 * Of an evicted record, the offset is that of the batch, length and sequence number are its own. Of
 * a replaced segment, the low half of the hash is its id, and length and sequence number are zero.
 *
 * trailer: 0  8  magic "QUARRYFT"
 *          8  8  segment id
 *         16  8  where the records end and the entries begin
 *         24  4  number of entries
 *         28  4  CRC-32C of the entries
 *         32  8  lowest sequence number of the segment
 *         40  8  highest sequence number of the segment
 *         48  8  length of the file
 *         56  4  number of segments replaced, which the first entries are about
 *         60  4  CRC-32C of bytes 0 to 59, exclusive-or the upper half of the segment's salt
 * </pre>
 */
public final class Footer {

  /** Bytes of an entry. */
  public static final int ENTRY_LENGTH = 32;

  /** Bytes of the trailer. */
  public static final int TRAILER_LENGTH = 64;

  /** The kind of an entry for a record that a batch says was evicted. */
  public static final byte EVICTED = RecordFormat.EVICTIONS;

  /** The kind of an entry for a segment that this one replaces. */
  public static final byte REPLACED = RecordFormat.REPLACES;

  static final int HASH_LOW_OFFSET = 0;
  static final int HASH_HIGH_OFFSET = HASH_LOW_OFFSET + 8;
  static final int RECORD_OFFSET_OFFSET = HASH_HIGH_OFFSET + 8;
  static final int RECORD_LENGTH_OFFSET = RECORD_OFFSET_OFFSET + 4;
  static final int SEQUENCE_KIND_OFFSET = RECORD_LENGTH_OFFSET + 4;

  private Footer() {}

  /**
   * Bytes of a segment file whose records end at an offset and whose footer has that many entries.
   */
  public static long fileLength(long recordsEnd, int entries) {
    long length = recordsEnd + (long) entries * ENTRY_LENGTH + TRAILER_LENGTH;
    return length + Disk.BLOCK - 1 & -Disk.BLOCK;
  }

  /** Writes one entry. */
  static void putEntry(
      ByteBuffer buffer,
      int at,
      long low,
      long high,
      long offset,
      long length,
      long sequence,
      byte kind) {
    buffer.putLong(at + HASH_LOW_OFFSET, low);
    buffer.putLong(at + HASH_HIGH_OFFSET, high);
    buffer.putInt(at + RECORD_OFFSET_OFFSET, (int) (offset / RecordFormat.ALIGNMENT));
    buffer.putInt(at + RECORD_LENGTH_OFFSET, (int) length);
    buffer.putLong(at + SEQUENCE_KIND_OFFSET, sequence << 8 | kind);
  }

  /**
   * Looks up the sequence number of a record.
   *
   * @param segment the whole segment, little-endian, with a footer that was found good
   * @param offset where the record begins
   * @return -1 if the footer has no entry for it
   */
  public static long sequence(ByteBuffer segment, Trailer trailer, long offset) {
    if (trailer.fileLength() > Integer.MAX_VALUE) {
      return trailer.highestSequence(); // of its only record
    }
    int low = 0;
    int high = trailer.entries() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int at = (int) trailer.recordsEnd() + middle * ENTRY_LENGTH;
      long found =
          Integer.toUnsignedLong(segment.getInt(at + RECORD_OFFSET_OFFSET))
              * RecordFormat.ALIGNMENT;
      if (found == offset) {
        return segment.getLong(at + SEQUENCE_KIND_OFFSET) >>> 8;
      }
      if (found < offset) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /**
   * Hands every entry of a segment's footer to a consumer.
   *
   * @param segment the whole segment, little-endian, of less than 2 GiB
   */
  public static void forEach(ByteBuffer segment, Trailer trailer, EntryConsumer consumer) {
    forEach(entries(segment, trailer), consumer);
  }

  /** Whether the entries in such a segment are those that its trailer was written for. */
  public static boolean isIntact(ByteBuffer segment, Trailer trailer) {
    return Checksum.of(entries(segment, trailer)) == trailer.entriesCrc();
  }

  private static ByteBuffer entries(ByteBuffer segment, Trailer trailer) {
    return segment
        .slice((int) trailer.recordsEnd(), trailer.entries() * ENTRY_LENGTH)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Hands every entry in a little-endian buffer, from position 0 to its limit, to a consumer. */
  static void forEach(ByteBuffer entries, EntryConsumer consumer) {
    for (int at = 0; at < entries.limit(); at += ENTRY_LENGTH) {
      long sequenceAndKind = entries.getLong(at + SEQUENCE_KIND_OFFSET);
      consumer.accept(
          entries.getLong(at + HASH_LOW_OFFSET),
          entries.getLong(at + HASH_HIGH_OFFSET),
          Integer.toUnsignedLong(entries.getInt(at + RECORD_OFFSET_OFFSET))
              * RecordFormat.ALIGNMENT,
          Integer.toUnsignedLong(entries.getInt(at + RECORD_LENGTH_OFFSET)),
          sequenceAndKind >>> 8,
          (byte) sequenceAndKind);
    }
  }

  /** Takes the entries of a footer, one after the other. */
  @FunctionalInterface
  public interface EntryConsumer {

    /**
     * Takes one entry.
     *
     * @param low the low half of the key's hash
     * @param high its high half
     * @param offset where the record begins, in bytes
     * @param length its length, in bytes
     * @param sequence its sequence number
     * @param kind {@link RecordFormat#PUT}, {@link RecordFormat#TOMBSTONE}, {@link #EVICTED} or
     *     {@link #REPLACED}
     */
    void accept(long low, long high, long offset, long length, long sequence, byte kind);
  }
}
