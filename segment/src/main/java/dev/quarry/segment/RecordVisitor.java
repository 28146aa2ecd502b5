package dev.quarry.segment;

import java.nio.ByteBuffer;

/** Takes the puts and tombstones of a segment, and what batches list, in their order. */
@FunctionalInterface
public interface RecordVisitor {

  /**
   * Takes one record.
   *
   * @param kind {@link RecordFormat#PUT} or {@link RecordFormat#TOMBSTONE}
   * @param key the key, a copy
   * @param offset where the record begins, in bytes
   * @param length its length without padding, in bytes
   * @param sequence its sequence number
   */
  void record(byte kind, byte[] key, long offset, long length, long sequence);

  /**
   * Takes one record that a batch says was evicted, with all older ones of its key.
   *
   * @param low the low half of its key's hash
   * @param high the high half
   * @param offset where the batch begins, in bytes
   * @param length of the evicted record, in bytes
   * @param sequence of the evicted record
   */
  default void evicted(long low, long high, long offset, long length, long sequence) {}

  /**
   * Takes one segment that this one replaces.
   *
   * @param segmentId the segment
   * @param offset where the batch begins, in bytes
   */
  default void replaced(long segmentId, long offset) {}

  /**
   * Walks records whose headers are known to be good, skipping marks and voids.
   *
   * @throws IllegalStateException if it comes to a place without a complete record
   */
  static void walk(SegmentBytes bytes, int from, long end, RecordVisitor visitor) {
    ByteBuffer head = bytes.head();
    for (long at = from; at < end; ) {
      int offset = (int) at;
      long length = RecordFormat.length(head, offset);
      if (length == 0) {
        throw new IllegalStateException("no complete record at " + offset);
      }
      byte kind = RecordFormat.kind(head, offset);
      if (kind == RecordFormat.PUT || kind == RecordFormat.TOMBSTONE) {
        byte[] key = new byte[RecordFormat.keyLength(head, offset)];
        head.get(offset + RecordFormat.HEADER_LENGTH, key);
        visitor.record(kind, key, offset, length, RecordFormat.sequence(head, offset));
      } else if (kind == RecordFormat.EVICTIONS || kind == RecordFormat.REPLACES) {
        Batch.forEach(head, offset, visitor);
      }
      at += RecordFormat.align(length);
    }
  }
}
