package dev.quarry.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file's channel that an interrupt cannot put out of use.
 *
 * <p>{@link Thread#interrupt} closes a {@link FileChannel} whose caller it hits, and so does a call
 * with the interrupt status set. The status is therefore put aside for the length of each call, and
 * a channel that was hit nevertheless is opened again by name. Calls without effects are then
 * repeated; the others throw {@link DiskInterruptedException}. Either way the status is set again.
 *
 * <p>Not safe for use by several threads at once.
 */
final class UninterruptedChannel implements Closeable {

  private final Path path;
  private final Opener opener;

  /** What tells the file from another that took its name; null where there is no such thing. */
  private final @Nullable Object identity;

  private Set<OpenOption> options;
  private FileChannel channel;
  private boolean closed;

  /** Opens channels; tests put faulty ones in their place. */
  interface Opener {
    FileChannel open(Path path, Set<OpenOption> options) throws IOException;
  }

  private interface ChannelCall<T> {
    T run(FileChannel channel) throws IOException;
  }

  UninterruptedChannel(Path path, Set<OpenOption> options, Opener opener) throws IOException {
    this.path = path;
    this.options = options;
    this.opener = opener;
    this.identity = identity(path);
    this.channel = opener.open(path, options);
  }

  private static @Nullable Object identity(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /** Opens the same file with other options. */
  void reopen(Set<OpenOption> newOptions) throws IOException {
    channel.close();
    options = newOptions;
    openChannel();
  }

  boolean isOpenedWith(OpenOption option) {
    return options.contains(option);
  }

  long size() throws IOException {
    return repeatedly(FileChannel::size);
  }

  /** Returns as {@link FileChannel#read(ByteBuffer, long)}. */
  int read(ByteBuffer destination, long position) throws IOException {
    int start = destination.position();
    return repeatedly(c -> c.read(destination.position(start), position));
  }

  /** Returns as {@link FileChannel#write(ByteBuffer, long)}. */
  int write(ByteBuffer source, long position) throws IOException {
    return once(c -> c.write(source, position));
  }

  void truncate(long size) throws IOException {
    once(c -> c.truncate(size));
  }

  void force() throws IOException {
    once(c -> force(c, false));
  }

  /**
   * Forces a directory. It is repeated after an interrupt: a file system that once failed to write
   * its own metadata fails from then on, so no error is lost.
   */
  void forceDirectory() throws IOException {
    repeatedly(c -> force(c, true));
  }

  private static boolean force(FileChannel channel, boolean metadata) throws IOException {
    channel.force(metadata);
    return true;
  }

  MappedByteBuffer map(long position, long length) throws IOException {
    return repeatedly(c -> c.map(MapMode.READ_ONLY, position, length));
  }

  private <T> T repeatedly(ChannelCall<T> call) throws IOException {
    return run(call, true);
  }

  private <T> T once(ChannelCall<T> call) throws IOException {
    return run(call, false);
  }

  private <T> T run(ChannelCall<T> call, boolean repeatable) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return call.run(openChannel());
        } catch (ClosedByInterruptException e) {
          Thread.interrupted(); // on JDK 25 the status may be clear already
          interrupted = true;
          if (!repeatable) {
            throw new DiskInterruptedException("interrupted in a call on " + path, e);
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private FileChannel openChannel() throws IOException {
    if (closed) {
      throw new IOException("it was closed");
    }
    if (!channel.isOpen()) {
      if (!Objects.equals(identity, identity(path))) {
        throw new IOException("another file has taken its name");
      }
      channel = opener.open(path, options);
    }
    return channel;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    channel.close();
  }
}
