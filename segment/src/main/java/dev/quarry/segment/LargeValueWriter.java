package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Writes a segment that holds a single record, its value straight from the caller's buffer through
 * a small staging buffer, so that a value is never in memory twice.
 */
public final class LargeValueWriter {

  private LargeValueWriter() {}

  /**
   * Writes and syncs a segment file that does not exist yet.
   *
   * @param header of the segment
   * @param sequence of the record
   * @param value what remains of it; its position does not move
   * @return the trailer; the record is at {@link FileHeader#LENGTH}
   */
  public static Trailer write(
      Disk disk,
      Path path,
      FileHeader header,
      long sequence,
      byte[] key,
      ByteBuffer value,
      KeyHash hasher)
      throws IOException {
    try (DiskFile file = disk.create(path)) {
      Trailer trailer =
          write(new BlockWriter(file, 0), header, sequence, key, value.duplicate(), hasher);
      file.force();
      return trailer;
    }
  }

  private static Trailer write(
      BlockWriter out,
      FileHeader header,
      long sequence,
      byte[] key,
      ByteBuffer value,
      KeyHash hasher)
      throws IOException {
    long salt = RecordFormat.salt(header.storeId(), header.segmentId());
    long length = RecordFormat.length(key.length, value.remaining());
    int at = FileHeader.LENGTH;
    ByteBuffer start =
        ByteBuffer.allocate(at + RecordFormat.HEADER_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    header.encode(start);
    int payloadCrc = Checksum.of(ByteBuffer.wrap(key), value.duplicate());
    RecordFormat.encodeHeader(
        start, at, salt, length, sequence, payloadCrc, key.length, RecordFormat.PUT);
    start.putInt(at, (int) length);
    out.put(start);
    out.put(ByteBuffer.wrap(key));
    out.put(value);
    long recordsEnd = RecordFormat.align(at + length);
    out.zeroTo(recordsEnd);
    FooterBuilder footer = new FooterBuilder(hasher);
    footer.record(RecordFormat.PUT, key, at, length, sequence);
    Trailer trailer = footer.trailer(header, recordsEnd, sequence);
    footer.write(out, trailer, salt);
    return trailer;
  }
}
