package dev.quarry.tool.store;

import dev.quarry.tool.terminal.CommandFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads files as values, one after the other into the same memory; large ones are mapped instead,
 * so that they are not in memory twice. For use by one thread.
 */
public final class ValueReader {

  private static final int SMALLEST = 64 << 10;
  private static final int MAPPED_FROM = 8 << 20;

  private ByteBuffer buffer = ByteBuffer.allocateDirect(SMALLEST);

  /**
   * Reads a whole file.
   *
   * @return its bytes, which the next call overwrites
   * @throws CommandFailedException if it is longer than a value can be
   * @throws IOException that names the file
   */
  public ByteBuffer read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size > Integer.MAX_VALUE) {
        throw new CommandFailedException(
            file + ": a value of " + size + " bytes is over the limit of " + Integer.MAX_VALUE);
      }
      return size >= MAPPED_FROM
          ? channel.map(MapMode.READ_ONLY, 0, size)
          : readToEnd(channel, (int) size);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** A file may be longer by now than it was, or than it says: a pipe says nothing. */
  private ByteBuffer readToEnd(FileChannel channel, int size) throws IOException {
    buffer.clear();
    grow(size + 1);
    while (channel.read(buffer) >= 0) {
      if (!buffer.hasRemaining()) {
        grow(Math.multiplyExact(buffer.capacity(), 2));
      }
    }
    return buffer.flip();
  }

  private void grow(int capacity) {
    if (buffer.capacity() < capacity) {
      buffer = ByteBuffer.allocateDirect(Math.max(capacity, SMALLEST)).put(buffer.flip());
    }
  }
}
