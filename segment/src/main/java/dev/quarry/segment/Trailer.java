package dev.quarry.segment;

import dev.quarry.CorruptionException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The last 64 bytes of a segment file, laid out as {@link Footer} says. It is written after all
 * else of the segment, so a file under its final name that lacks it is damaged.
 *
 * @param segmentId the segment
 * @param recordsEnd where the records end and the footer's entries begin, in bytes
 * @param entries number of footer entries
 * @param entriesCrc CRC-32C of the entries
 * @param lowestSequence no record of the segment has a lower one
 * @param highestSequence no put or tombstone of the segment has a higher one
 * @param fileLength bytes of the file
 * @param replaced number of segments that this one replaces, which its first record then lists
 */
public record Trailer(
    long segmentId,
    long recordsEnd,
    int entries,
    int entriesCrc,
    long lowestSequence,
    long highestSequence,
    long fileLength,
    int replaced) {

  private static final long MAGIC = 0x5446_5952_5241_5551L; // "QUARRYFT", little-endian

  private static final int MAGIC_OFFSET = 0;
  private static final int SEGMENT_ID_OFFSET = MAGIC_OFFSET + 8;
  private static final int RECORDS_END_OFFSET = SEGMENT_ID_OFFSET + 8;
  private static final int ENTRIES_OFFSET = RECORDS_END_OFFSET + 8;
  private static final int ENTRIES_CRC_OFFSET = ENTRIES_OFFSET + 4;
  private static final int LOWEST_SEQUENCE_OFFSET = ENTRIES_CRC_OFFSET + 4;
  private static final int HIGHEST_SEQUENCE_OFFSET = LOWEST_SEQUENCE_OFFSET + 8;
  private static final int FILE_LENGTH_OFFSET = HIGHEST_SEQUENCE_OFFSET + 8;
  private static final int REPLACED_OFFSET = FILE_LENGTH_OFFSET + 8;
  private static final int CHECKSUM_OFFSET = REPLACED_OFFSET + 4;

  /** Writes the trailer at an offset of a little-endian buffer. */
  void encode(ByteBuffer buffer, int at, long salt) {
    buffer.putLong(at + MAGIC_OFFSET, MAGIC);
    buffer.putLong(at + SEGMENT_ID_OFFSET, segmentId);
    buffer.putLong(at + RECORDS_END_OFFSET, recordsEnd);
    buffer.putInt(at + ENTRIES_OFFSET, entries);
    buffer.putInt(at + ENTRIES_CRC_OFFSET, entriesCrc);
    buffer.putLong(at + LOWEST_SEQUENCE_OFFSET, lowestSequence);
    buffer.putLong(at + HIGHEST_SEQUENCE_OFFSET, highestSequence);
    buffer.putLong(at + FILE_LENGTH_OFFSET, fileLength);
    buffer.putInt(at + REPLACED_OFFSET, replaced);
    buffer.putInt(at + CHECKSUM_OFFSET, checksum(buffer, at, salt));
  }

  /**
   * Reads a trailer, and checks it against the file it ends.
   *
   * @param buffer little-endian
   * @param at where in the buffer the trailer is
   * @param file named in the errors
   * @param fileLength bytes of the file
   * @param salt of the segment, {@link RecordFormat#salt}
   * @throws CorruptionException if it is damaged or another segment's
   */
  static Trailer decode(ByteBuffer buffer, int at, Path file, long fileLength, long salt) {
    long offset = fileLength - Footer.TRAILER_LENGTH;
    if (buffer.getLong(at + MAGIC_OFFSET) != MAGIC) {
      throw new CorruptionException(
          file,
          offset,
          String.format(
              "trailer magic %016x was expected, found %016x",
              MAGIC, buffer.getLong(at + MAGIC_OFFSET)));
    }
    int checksum = checksum(buffer, at, salt);
    if (checksum != buffer.getInt(at + CHECKSUM_OFFSET)) {
      throw new CorruptionException(
          file,
          offset + CHECKSUM_OFFSET,
          String.format(
              "trailer checksum %08x was expected, found %08x",
              checksum, buffer.getInt(at + CHECKSUM_OFFSET)));
    }
    Trailer trailer =
        new Trailer(
            buffer.getLong(at + SEGMENT_ID_OFFSET),
            buffer.getLong(at + RECORDS_END_OFFSET),
            buffer.getInt(at + ENTRIES_OFFSET),
            buffer.getInt(at + ENTRIES_CRC_OFFSET),
            buffer.getLong(at + LOWEST_SEQUENCE_OFFSET),
            buffer.getLong(at + HIGHEST_SEQUENCE_OFFSET),
            buffer.getLong(at + FILE_LENGTH_OFFSET),
            buffer.getInt(at + REPLACED_OFFSET));
    if (trailer.fileLength != fileLength
        || trailer.entries < 0
        || trailer.replaced < 0
        || trailer.replaced > trailer.entries
        || trailer.recordsEnd < FileHeader.LENGTH
        || trailer.entries > mostEntries(trailer.recordsEnd)
        || Footer.fileLength(trailer.recordsEnd, trailer.entries) != fileLength) {
      throw new CorruptionException(
          file, offset, "the trailer is not of a file of " + fileLength + " bytes: " + trailer);
    }
    return trailer;
  }

  /** No record is shorter than an entry, and the entries must fit a buffer. */
  private static long mostEntries(long recordsEnd) {
    long bytes = Math.min(recordsEnd - FileHeader.LENGTH, Integer.MAX_VALUE);
    return bytes / Footer.ENTRY_LENGTH;
  }

  /** Something that two segments which once had the same id do not share, for derived indexes. */
  public long fingerprint() {
    return (long) entriesCrc << 32 ^ RecordFormat.mix(highestSequence ^ recordsEnd);
  }

  private static int checksum(ByteBuffer buffer, int at, long salt) {
    return Checksum.of(buffer.slice(at, CHECKSUM_OFFSET)) ^ (int) (salt >>> 32);
  }
}
