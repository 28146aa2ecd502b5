package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The layout of the value of a record that lists things: records that were evicted, or segments
 * that a segment replaces. An entry is as long as the one it has in the footer.
 *
 * <pre>
 *  0  8  low half of the hash of the evicted record's key; id of the replaced segment
 *  8  8  high half of the hash; zero
 * 16  8  length of the evicted record; zero
 * 24  8  sequence number of the evicted record; zero
 * </pre>
 */
public final class Batch {

  /** Bytes of an entry. */
  public static final int ENTRY_LENGTH = Footer.ENTRY_LENGTH;

  private static final int LOW_OFFSET = 0;
  private static final int HIGH_OFFSET = LOW_OFFSET + 8;
  private static final int LENGTH_OFFSET = HIGH_OFFSET + 8;
  private static final int SEQUENCE_OFFSET = LENGTH_OFFSET + 8;

  private Batch() {}

  /** Bytes of the record of a batch, which need no padding. */
  public static long recordLength(int entries) {
    return RecordFormat.length(0, (long) entries * ENTRY_LENGTH);
  }

  /** Memory for the entries of a batch. */
  public static ByteBuffer allocate(int entries) {
    return ByteBuffer.allocate(entries * ENTRY_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Appends an evicted record to a little-endian buffer. */
  public static void putEvicted(
      ByteBuffer entries, long low, long high, long length, long sequence) {
    entries.putLong(low).putLong(high).putLong(length).putLong(sequence);
  }

  /** Appends a replaced segment to a little-endian buffer. */
  public static void putReplaced(ByteBuffer entries, long segmentId) {
    entries.putLong(segmentId).putLong(0).putLong(0).putLong(0);
  }

  /** Hands the entries of the batch at an offset, whose header is good, to a visitor. */
  static void forEach(ByteBuffer head, int offset, RecordVisitor visitor) {
    boolean evictions = RecordFormat.kind(head, offset) == RecordFormat.EVICTIONS;
    int end = offset + (int) RecordFormat.length(head, offset);
    for (int at = offset + RecordFormat.HEADER_LENGTH; at < end; at += ENTRY_LENGTH) {
      if (evictions) {
        visitor.evicted(
            head.getLong(at + LOW_OFFSET),
            head.getLong(at + HIGH_OFFSET),
            offset,
            head.getLong(at + LENGTH_OFFSET),
            head.getLong(at + SEQUENCE_OFFSET));
      } else {
        visitor.replaced(head.getLong(at + LOW_OFFSET), offset);
      }
    }
  }
}
