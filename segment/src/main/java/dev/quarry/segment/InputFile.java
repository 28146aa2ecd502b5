package dev.quarry.segment;

import dev.quarry.FileChangedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;

/**
 * A file of the caller's, read once from its beginning to its end by positional reads. It is never
 * mapped: a mapped file that somebody cuts short ends the JVM.
 *
 * <p>Whether the file changed meanwhile is told by the number of bytes that were read, and by its
 * size, modification time and file key before the first read and after the last. A change within
 * one tick of the file system's clock that leaves the size as it was is not seen.
 *
 * <p>An interrupt does not disturb it. Not safe for use by several threads at once.
 */
public final class InputFile implements Closeable {

  /** A heap buffer is read into through memory of the JDK's, of the size of the read. */
  private static final int MOST_HEAP_BYTES = 1 << 16;

  private final Path path;
  private final BasicFileAttributes before;
  private final UninterruptedChannel channel;
  private long position;

  private InputFile(Path path, BasicFileAttributes before, UninterruptedChannel channel) {
    this.path = path;
    this.before = before;
    this.channel = channel;
  }

  /**
   * Opens a regular file.
   *
   * @throws IOException that names the file
   */
  public static InputFile open(Path path) throws IOException {
    BasicFileAttributes before = Files.readAttributes(path, BasicFileAttributes.class);
    if (!before.isRegularFile()) {
      throw new FileSystemException(
          path.toString(), null, "not a regular file; its bytes can be put as a stream");
    }
    return new InputFile(
        path,
        before,
        new UninterruptedChannel(path, Set.of(StandardOpenOption.READ), FileChannel::open));
  }

  /** Bytes in the file when it was opened. */
  public long size() {
    return before.size();
  }

  /**
   * Reads some bytes from where the last call ended into what remains of a buffer, and moves its
   * position behind them.
   *
   * @param destination heap or direct, with at least one byte left
   * @return bytes read; -1 at the end of a file that did not change
   * @throws FileChangedException at the end of one that did, or when it has become longer
   * @throws IOException that names the file
   */
  public int read(ByteBuffer destination) throws IOException {
    int read = DiskErrors.naming("cannot read", path, () -> readSome(destination));
    position += Math.max(read, 0);
    if (read < 0 || position > before.size()) {
      checkUnchanged();
    }
    return read;
  }

  private int readSome(ByteBuffer destination) throws IOException {
    int limit = destination.limit();
    if (!destination.isDirect() && destination.remaining() > MOST_HEAP_BYTES) {
      destination.limit(destination.position() + MOST_HEAP_BYTES);
    }
    try {
      return channel.read(destination, position);
    } finally {
      destination.limit(limit);
    }
  }

  private void checkUnchanged() throws IOException {
    BasicFileAttributes after = Files.readAttributes(path, BasicFileAttributes.class);
    if (position != before.size() || after.size() != before.size()) {
      throw new FileChangedException(
          path.toString(),
          "its size changed while it was read: it had "
              + before.size()
              + " bytes, "
              + position
              + " were read, and it has "
              + after.size()
              + " now");
    }
    if (!after.lastModifiedTime().equals(before.lastModifiedTime())) {
      throw new FileChangedException(path.toString(), "it was modified while it was read");
    }
    if (!Objects.equals(after.fileKey(), before.fileKey())) {
      throw new FileChangedException(
          path.toString(), "another file took its name while it was read");
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
