package dev.quarry.index.checkpoint;

import dev.quarry.index.EntryConsumer;
import dev.quarry.index.ShardedIndex;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import java.nio.ByteBuffer;

/**
 * The layout of a checkpoint: a stream of bytes, cut into chunks.
 *
 * <pre>
 * stream:   the file header, the head, the covered segments, the blob, the entries, zeros, the
 *           trailer without its checksum
 *
 * chunk:    0  .  1 MiB - 4 bytes of the stream, fewer in the last chunk
 *           .  4  CRC-32C of the checksum of the chunk before, 0 in the first, and of the above
 *
 * head:    64  8  where the hand of eviction stands, a sequence number; 0 for none
 *          72  8  highest sequence number of the covered segments
 *          80  4  number of covered segments
 *          84  4  length of the blob
 *
 * covered:  0  4  segment id
 *           4  8  fingerprint of the segment
 *
 * entry:    0  8  low half of the key's hash
 *           8  4  bits 32 to 63 of the high half
 *          12  1  bits 0 to 7 of the high half
 *          13  8  location; bit 63 is the visited bit
 *          21  4  length of the record, unsigned
 *
 * trailer:  0  8  magic "QUARRYCE"
 *           8  8  number of entries
 *          16  8  length of the file
 *          24  4  zero
 *          28  4  the checksum of the last chunk
 * </pre>
 *
 * The last chunk is as short as a multiple of {@link Disk#BLOCK} bytes can be, and the file ends
 * with the trailer. The places of all chunks follow from the length of the file, so no length has
 * to be read before all checksums are known to be right. As each checksum covers the one before, a
 * chunk fits only behind the very chunks it was written behind. All integers are little-endian.
 */
final class CheckpointFormat {

  /** Bytes of every chunk but the last. */
  static final int CHUNK = 1 << 20;

  static final int CHECKSUM_LENGTH = 4;

  /** Bytes of the stream in every chunk but the last. */
  static final int PAYLOAD = CHUNK - CHECKSUM_LENGTH;

  static final int HAND_OFFSET = FileHeader.LENGTH;
  static final int HIGHEST_SEQUENCE_OFFSET = HAND_OFFSET + 8;
  static final int COVERED_OFFSET = HIGHEST_SEQUENCE_OFFSET + 8;
  static final int BLOB_LENGTH_OFFSET = COVERED_OFFSET + 4;

  /** Bytes of file header and head. */
  static final int HEAD_END = BLOB_LENGTH_OFFSET + 4;

  static final int COVERED_ID_OFFSET = 0;
  static final int COVERED_FINGERPRINT_OFFSET = COVERED_ID_OFFSET + 4;

  /** Bytes of a covered segment. */
  static final int COVERED_LENGTH = COVERED_FINGERPRINT_OFFSET + 8;

  static final int LOW_OFFSET = 0;
  static final int UPPER_OFFSET = LOW_OFFSET + 8;
  static final int LOWEST_OFFSET = UPPER_OFFSET + 4;
  static final int LOCATION_OFFSET = LOWEST_OFFSET + 1;
  static final int LENGTH_OFFSET = LOCATION_OFFSET + 8;

  /** Bytes of an entry. */
  static final int ENTRY_LENGTH = LENGTH_OFFSET + 4;

  static final long TRAILER_MAGIC = 0x4543_5952_5241_5551L; // "QUARRYCE", little-endian

  static final int TRAILER_MAGIC_OFFSET = 0;
  static final int ENTRIES_OFFSET = TRAILER_MAGIC_OFFSET + 8;
  static final int FILE_LENGTH_OFFSET = ENTRIES_OFFSET + 8;
  static final int TRAILER_CHECKSUM_OFFSET = FILE_LENGTH_OFFSET + 12;

  /** Bytes of the trailer, the checksum included. */
  static final int TRAILER_LENGTH = TRAILER_CHECKSUM_OFFSET + CHECKSUM_LENGTH;

  private static final long VISITED = 1L << 63;
  private static final long KEPT_OF_HIGH = 0xFFFF_FFFF_0000_00FFL;

  private CheckpointFormat() {}

  /** Where the entries begin in the stream. */
  static long entriesStart(int covered, int blobLength) {
    return HEAD_END + (long) covered * COVERED_LENGTH + blobLength;
  }

  /** Where a byte of the stream is in the file. */
  static long inFile(long inStream) {
    return inStream / PAYLOAD * CHUNK + inStream % PAYLOAD;
  }

  /** The length of the file, given the length of the stream up to the last entry. */
  static long fileLength(long entriesEnd) {
    long chunk = entriesEnd / PAYLOAD;
    long inChunk = entriesEnd % PAYLOAD;
    if (inChunk + TRAILER_LENGTH > CHUNK) {
      chunk++;
      inChunk = 0;
    }
    return chunk * CHUNK + (inChunk + TRAILER_LENGTH + Disk.BLOCK - 1 & -Disk.BLOCK);
  }

  /**
   * Writes one entry at a buffer's position, which moves behind it.
   *
   * @throws IllegalArgumentException if it is not one that the index can hold
   */
  static void putEntry(
      ByteBuffer buffer, long low, long high, long location, long length, boolean visited) {
    if (location <= 0
        || length < 0
        || length > ShardedIndex.MAX_LENGTH
        || (high & ~KEPT_OF_HIGH) != 0) {
      throw new IllegalArgumentException(
          String.format(
              "no entry of an index: high half %016x, location %d, length %d",
              high, location, length));
    }
    int at = buffer.position();
    buffer.putLong(at + LOW_OFFSET, low);
    buffer.putInt(at + UPPER_OFFSET, (int) (high >>> 32));
    buffer.put(at + LOWEST_OFFSET, (byte) high);
    buffer.putLong(at + LOCATION_OFFSET, visited ? location | VISITED : location);
    buffer.putInt(at + LENGTH_OFFSET, (int) length);
    buffer.position(at + ENTRY_LENGTH);
  }

  /** Hands every entry between a buffer's position and its limit to a consumer. */
  static void forEach(ByteBuffer entries, EntryConsumer consumer) {
    for (int at = entries.position(); at < entries.limit(); at += ENTRY_LENGTH) {
      long location = entries.getLong(at + LOCATION_OFFSET);
      consumer.accept(
          entries.getLong(at + LOW_OFFSET),
          (long) entries.getInt(at + UPPER_OFFSET) << 32 | (entries.get(at + LOWEST_OFFSET) & 0xFF),
          location & ~VISITED,
          Integer.toUnsignedLong(entries.getInt(at + LENGTH_OFFSET)),
          location < 0);
    }
  }

  /** Writes the trailer but for its checksum at the start of a little-endian buffer. */
  static void putTrailer(ByteBuffer buffer, long entries, long fileLength) {
    buffer.putLong(TRAILER_MAGIC_OFFSET, TRAILER_MAGIC);
    buffer.putLong(ENTRIES_OFFSET, entries);
    buffer.putLong(FILE_LENGTH_OFFSET, fileLength);
    buffer.putInt(TRAILER_CHECKSUM_OFFSET - 4, 0);
  }
}
