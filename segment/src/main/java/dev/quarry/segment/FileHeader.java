package dev.quarry.segment;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The first 64 bytes of every file: what it is, in which version, and whose.
 *
 * <pre>
 *  0  8  magic, ASCII
 *  8  4  format version
 * 12  4  zero
 * 16 16  store id
 * 32  8  segment id; 0 in STORE and in a checkpoint
 * 40  8  first sequence: no record of the file has a lower one; 0 in those two
 * 48  8  where the records of the log before this one end, in bytes; 0 when there was none
 * 56  4  segment id of that log
 * 60  4  CRC-32C of bytes 0 to 59
 * </pre>
 *
 * The magic, the version and the place of the checksum are the same in every version to come, so
 * that a reader can tell "too new" from "damaged". All integers are little-endian.
 *
 * @param magic one of the {@code MAGIC} constants
 * @param storeId the store the file belongs to
 * @param segmentId the segment, at least 1; 0 in STORE and in a checkpoint
 * @param firstSequence the lowest sequence number a record of the file may have
 * @param previousLogEnd where the records of the preceding log end; 0 when there was none
 * @param previousLogId the segment that the preceding log became; 0 when there was none
 */
public record FileHeader(
    long magic,
    UUID storeId,
    long segmentId,
    long firstSequence,
    long previousLogEnd,
    long previousLogId) {

  /** Bytes in a header. */
  public static final int LENGTH = 64;

  /** The format version this release writes, and the only one it reads. */
  public static final int VERSION = 1;

  /** "QUARRYSG": a segment, or the log that becomes one. */
  public static final long SEGMENT_MAGIC = magic("QUARRYSG");

  /** "QUARRYST": the STORE file. */
  public static final long STORE_MAGIC = magic("QUARRYST");

  /** "QUARRYCP": the checkpoint of the index. */
  public static final long CHECKPOINT_MAGIC = magic("QUARRYCP");

  static final int MAGIC_OFFSET = 0;
  static final int VERSION_OFFSET = MAGIC_OFFSET + 8;
  static final int STORE_ID_OFFSET = VERSION_OFFSET + 8;
  static final int SEGMENT_ID_OFFSET = STORE_ID_OFFSET + 16;
  static final int FIRST_SEQUENCE_OFFSET = SEGMENT_ID_OFFSET + 8;
  static final int PREVIOUS_LOG_END_OFFSET = FIRST_SEQUENCE_OFFSET + 8;
  static final int PREVIOUS_LOG_ID_OFFSET = PREVIOUS_LOG_END_OFFSET + 8;
  static final int CHECKSUM_OFFSET = PREVIOUS_LOG_ID_OFFSET + 4;

  /** The header of a segment that no log precedes. */
  public static FileHeader segment(UUID storeId, long segmentId, long firstSequence) {
    return new FileHeader(SEGMENT_MAGIC, storeId, segmentId, firstSequence, 0, 0);
  }

  private static long magic(String text) {
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      value = value << 8 | text.charAt(i);
    }
    return value;
  }

  /** Writes the header at the start of a little-endian buffer; its position does not move. */
  public void encode(ByteBuffer buffer) {
    buffer.putLong(MAGIC_OFFSET, magic);
    buffer.putLong(VERSION_OFFSET, VERSION);
    buffer.putLong(STORE_ID_OFFSET, storeId.getMostSignificantBits());
    buffer.putLong(STORE_ID_OFFSET + 8, storeId.getLeastSignificantBits());
    buffer.putLong(SEGMENT_ID_OFFSET, segmentId);
    buffer.putLong(FIRST_SEQUENCE_OFFSET, firstSequence);
    buffer.putLong(PREVIOUS_LOG_END_OFFSET, previousLogEnd);
    buffer.putInt(PREVIOUS_LOG_ID_OFFSET, (int) previousLogId);
    buffer.putInt(CHECKSUM_OFFSET, Checksum.of(buffer.slice(0, CHECKSUM_OFFSET)));
  }

  /**
   * Reads the header at the start of a buffer.
   *
   * @param file named in the errors
   * @param expectedMagic what the file must be
   * @throws CorruptionException if it is not a header, is damaged, or is one of another kind of
   *     file
   * @throws FormatVersionException if it is intact but of another version
   */
  public static FileHeader decode(ByteBuffer source, Path file, long expectedMagic) {
    ByteBuffer buffer = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (buffer.limit() < LENGTH) {
      throw new CorruptionException(
          file,
          buffer.limit(),
          "a header of " + LENGTH + " bytes was expected, the file ends here");
    }
    long magic = buffer.getLong(MAGIC_OFFSET);
    if (magic != expectedMagic) {
      throw new CorruptionException(
          file,
          MAGIC_OFFSET,
          String.format("magic %016x was expected, found %016x", expectedMagic, magic));
    }
    int checksum = Checksum.of(buffer.slice(0, CHECKSUM_OFFSET));
    if (checksum != buffer.getInt(CHECKSUM_OFFSET)) {
      throw new CorruptionException(
          file,
          CHECKSUM_OFFSET,
          String.format(
              "header checksum %08x was expected, found %08x",
              checksum, buffer.getInt(CHECKSUM_OFFSET)));
    }
    int version = buffer.getInt(VERSION_OFFSET);
    if (version != VERSION) {
      throw new FormatVersionException(file, version, VERSION, VERSION);
    }
    return new FileHeader(
        magic,
        new UUID(buffer.getLong(STORE_ID_OFFSET), buffer.getLong(STORE_ID_OFFSET + 8)),
        buffer.getLong(SEGMENT_ID_OFFSET),
        buffer.getLong(FIRST_SEQUENCE_OFFSET),
        buffer.getLong(PREVIOUS_LOG_END_OFFSET),
        Integer.toUnsignedLong(buffer.getInt(PREVIOUS_LOG_ID_OFFSET)));
  }

  /** Reads a segment's header and checks that it is the one expected there. */
  public static FileHeader decodeSegment(
      ByteBuffer source, Path file, UUID storeId, long segmentId) {
    FileHeader header = decode(source, file, SEGMENT_MAGIC);
    if (!header.storeId.equals(storeId)) {
      throw new CorruptionException(
          file, STORE_ID_OFFSET, "store " + storeId + " was expected, found " + header.storeId);
    }
    if (header.segmentId != segmentId) {
      throw new CorruptionException(
          file,
          SEGMENT_ID_OFFSET,
          "segment " + segmentId + " was expected, found " + header.segmentId);
    }
    return header;
  }
}
