package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes a stream of bytes to a file in whole blocks, large ones, through one aligned buffer. Not
 * safe for use by several threads.
 */
public final class BlockWriter {

  private final DiskFile file;
  private final ByteBuffer staging;
  private long written;

  /**
   * @param position where in the file to begin, a multiple of {@link Disk#BLOCK}
   * @param staging of {@link StagingBuffers}, to be given back when nothing more is written
   */
  public BlockWriter(DiskFile file, long position, ByteBuffer staging) {
    this.file = file;
    this.written = position;
    this.staging = staging;
  }

  /** The file that is written. */
  DiskFile file() {
    return file;
  }

  /**
   * Appends all that remains of a buffer, whose position moves to its limit. After an exception, a
   * call with the same buffer goes on where this one stopped.
   */
  public void put(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (!staging.hasRemaining()) {
        flush();
      }
      int chunk = Math.min(staging.remaining(), bytes.remaining());
      staging.put(staging.position(), bytes, bytes.position(), chunk);
      staging.position(staging.position() + chunk);
      bytes.position(bytes.position() + chunk);
    }
  }

  /** Appends zeros up to an offset of the file. */
  public void zeroTo(long offset) throws IOException {
    put(ByteBuffer.allocate(Math.toIntExact(offset - written - staging.position())));
  }

  /**
   * Writes what was appended, which must end at a multiple of {@link Disk#BLOCK}. After an
   * exception it may be called again, and writes the same once more.
   */
  public void flush() throws IOException {
    ByteBuffer appended = staging.duplicate().flip();
    int bytes = appended.remaining();
    file.write(appended, written);
    written += bytes;
    staging.clear();
  }
}
