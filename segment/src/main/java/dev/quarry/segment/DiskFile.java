package dev.quarry.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * An open file of a {@link Disk}.
 *
 * <p>An interrupt never leaves the file closed: a call that a {@link Thread#interrupt} cut short
 * throws {@link DiskInterruptedException} and the file stays usable. Reads are repeated instead,
 * and an interrupt from before a call does not disturb it. After {@link #close} every call throws
 * an {@link IOException}; a file opened for reading only refuses the others with an {@link
 * IllegalStateException}. Not safe for use by several threads at once.
 */
public interface DiskFile extends Closeable {

  /** The name it was opened by. */
  Path path();

  /** Bytes in the file. */
  long size() throws IOException;

  /**
   * Reads until the destination is full or the file ends, and advances the destination's position,
   * which stays where it was if the call throws.
   *
   * @param destination heap or direct
   * @param position where to begin, in bytes, 0 or more
   * @return bytes read; fewer than asked for only at the end of the file
   */
  int read(ByteBuffer destination, long position) throws IOException;

  /**
   * Writes all that remains of the source, and advances its position to its limit; it stays where
   * it was if the call throws.
   *
   * @param source a direct buffer; the address of what remains, and its length, are multiples of
   *     {@link Disk#BLOCK}
   * @param position a multiple of {@link Disk#BLOCK}
   * @throws IOException if not all could be written; an unknown part of it may have been
   */
  void write(ByteBuffer source, long position) throws IOException;

  /** Cuts the file to a size, a multiple of {@link Disk#BLOCK} not beyond its present one. */
  void truncate(long size) throws IOException;

  /** Makes everything written, and the size, durable. */
  void force() throws IOException;

  @Override
  void close() throws IOException;
}
