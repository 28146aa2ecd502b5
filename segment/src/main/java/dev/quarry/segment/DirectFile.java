package dev.quarry.segment;

import static dev.quarry.segment.DiskErrors.named;
import static dev.quarry.segment.DiskErrors.naming;

import dev.quarry.segment.UninterruptedChannel.Opener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An open file of a {@link FileSystemDisk}. It is written past the page cache, or through it where
 * the file system refuses that, on opening or on the first write. Direct reads would have to be of
 * whole blocks, so there is another channel for reading.
 */
final class DirectFile implements DiskFile {

  private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ);
  private static final Set<OpenOption> WRITE = Set.of(StandardOpenOption.WRITE);
  private static final Set<OpenOption> WRITE_DIRECT =
      Set.of(StandardOpenOption.WRITE, DirectOption.DIRECT);

  /** The most that is read at once into a buffer on the heap. */
  private static final int MOST_HEAP_BYTES = 64 << 10;

  private final Path path;
  private final Opener opener;
  private final Consumer<Exception> refusals;
  private final UninterruptedChannel reader;

  /** Null when the file is open for reading only. */
  private @Nullable UninterruptedChannel writer;

  /**
   * Whether something was written, so that a failure is no refusal but for one: an argument is
   * invalid where the device has larger blocks than {@link Disk#BLOCK}, and by chance the writes
   * before were of whole ones.
   */
  private boolean proven;

  private DirectFile(Path path, Opener opener, Consumer<Exception> refusals) throws IOException {
    this.path = path;
    this.opener = opener;
    this.refusals = refusals;
    this.reader = new UninterruptedChannel(path, READ, opener);
  }

  static DirectFile forReading(Path path, Opener opener) throws IOException {
    return new DirectFile(path, opener, refusal -> {});
  }

  /**
   * Opens a file for reading and writing.
   *
   * @param refusals told why the file is written through the page cache
   */
  static DirectFile forWriting(Path path, Opener opener, Consumer<Exception> refusals)
      throws IOException {
    DirectFile file = new DirectFile(path, opener, refusals);
    try {
      file.openWriter();
      return file;
    } catch (IOException | RuntimeException | Error e) {
      file.reader.close();
      throw e;
    }
  }

  private void openWriter() throws IOException {
    try {
      writer = new UninterruptedChannel(path, WRITE_DIRECT, opener);
    } catch (IOException | UnsupportedOperationException e) {
      if (e instanceof IOException refusal && DiskErrors.isShortage(refusal)) {
        throw refusal; // direct writes are possible, a moment later
      }
      writer = new UninterruptedChannel(path, WRITE, opener);
      refusals.accept(e);
    }
  }

  boolean isDirect() {
    return writer != null && writer.isOpenedWith(DirectOption.DIRECT);
  }

  private UninterruptedChannel writer() {
    if (writer == null) {
      throw new IllegalStateException(path + " is open for reading only");
    }
    return writer;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long size() throws IOException {
    return naming("cannot examine", path, reader::size);
  }

  @Override
  public int read(ByteBuffer destination, long position) throws IOException {
    DiskArguments.checkPosition(position, 1);
    int start = destination.position();
    try {
      int read = 0;
      while (read >= 0 && destination.hasRemaining()) {
        read = readSome(destination, position + destination.position() - start);
      }
      return destination.position() - start;
    } catch (IOException e) {
      destination.position(start);
      throw named("cannot read at " + position + " of", path, e);
    }
  }

  /** For a heap buffer the JDK keeps direct memory per thread, as large as what is read at once. */
  private int readSome(ByteBuffer destination, long position) throws IOException {
    int limit = destination.limit();
    if (!destination.isDirect() && destination.remaining() > MOST_HEAP_BYTES) {
      destination.limit(destination.position() + MOST_HEAP_BYTES);
    }
    try {
      return reader.read(destination, position);
    } finally {
      destination.limit(limit);
    }
  }

  @Override
  public void write(ByteBuffer source, long position) throws IOException {
    DiskArguments.checkWrite(source, position);
    writer();
    int start = source.position();
    int length = source.remaining();
    try {
      while (source.hasRemaining()) {
        writeSome(source, position + source.position() - start);
      }
    } catch (OutOfMemoryError e) {
      source.position(start);
      throw e;
    } catch (IOException e) {
      source.position(start);
      throw named("cannot write " + length + " bytes at " + position + " of", path, e);
    }
  }

  private void writeSome(ByteBuffer source, long position) throws IOException {
    try {
      if (writer().write(source, position) <= 0) {
        throw new IOException("nothing was written at " + position);
      }
      proven = true;
    } catch (DiskInterruptedException e) {
      throw e;
    } catch (IOException e) {
      boolean refused = isDirect() && (DiskErrors.isUnsupported(e) || !proven);
      if (!refused || DiskErrors.isFull(e)) {
        throw e;
      }
      useCache(e);
    }
    if (isDirect() && source.remaining() % Disk.BLOCK != 0) {
      useCache(new IOException("part of a block was written at " + position));
    }
  }

  private void useCache(Exception refusal) throws IOException {
    writer().reopen(WRITE);
    refusals.accept(refusal);
  }

  @Override
  public void truncate(long size) throws IOException {
    UninterruptedChannel channel = writer();
    DiskArguments.checkTruncate(size, size());
    try {
      channel.truncate(size);
    } catch (IOException e) {
      throw named("cannot cut to " + size + " bytes", path, e);
    }
  }

  @Override
  public void force() throws IOException {
    try {
      writer().force();
    } catch (IOException e) {
      throw named("cannot force", path, e);
    } catch (OutOfMemoryError e) {
      throw DiskErrors.unknown("cannot force", path, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (reader) {
      if (writer != null) {
        writer.close();
      }
    } catch (IOException e) {
      throw named("cannot close", path, e);
    }
  }
}
