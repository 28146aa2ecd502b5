package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
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
   * @param buffers lends a buffer meanwhile
   * @return the trailer; the record is at {@link FileHeader#LENGTH}
   */
  public static Trailer write(
      Disk disk,
      Path path,
      FileHeader header,
      long sequence,
      byte[] key,
      ByteBuffer value,
      KeyHash hasher,
      StagingBuffers buffers)
      throws IOException {
    try (SegmentWriter writer = new SegmentWriter(disk, path, header, hasher, buffers)) {
      writer.put(sequence, key, value.duplicate());
      return writer.finish(sequence);
    }
  }
}
