package dev.quarry.segment;

import static dev.quarry.segment.DiskErrors.named;
import static dev.quarry.segment.DiskErrors.naming;
import static dev.quarry.segment.DiskErrors.refused;

import dev.quarry.segment.UninterruptedChannel.Opener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.agrona.BufferUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file system of the machine. Writes go past the page cache ({@code O_DIRECT}); where the file
 * system refuses that they go through it, which the log says once. Reads always go through it.
 *
 * <p>Every {@link IOException} names the file. Safe for use by any number of threads.
 */
public final class FileSystemDisk implements Disk {

  private static final Logger LOG = LoggerFactory.getLogger(FileSystemDisk.class);

  private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ);

  private final Opener opener;
  private final AtomicBoolean refusalLogged = new AtomicBoolean();

  public FileSystemDisk() {
    this((path, options) -> FileChannel.open(path, options));
  }

  FileSystemDisk(Opener opener) {
    this.opener = opener;
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) { // some versions of Java refuse a link to a directory
      naming("cannot create", directory, () -> Files.createDirectories(directory));
    }
  }

  /** Unlike {@link Files#exists}, does not take a failure to find out for a no. */
  @Override
  public boolean exists(Path path) throws IOException {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      if (isBelowAFile(path)) {
        return false; // which only some versions of Java say by themselves
      }
      throw refused("cannot examine", path, e);
    }
  }

  private static boolean isBelowAFile(Path path) {
    Path ancestor = path.getParent();
    while (ancestor != null && !Files.isRegularFile(ancestor)) {
      ancestor = ancestor.getParent();
    }
    return ancestor != null;
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> Objects.requireNonNull(entry.getFileName()).toString())
          .sorted()
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw refused("cannot list", directory, e);
    } catch (UncheckedIOException e) {
      throw refused("cannot list", directory, e.getCause());
    }
  }

  @Override
  public long size(Path file) throws IOException {
    return naming("cannot examine", file, () -> Files.size(file));
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    naming("cannot create", file, () -> Files.createFile(file));
    try {
      return open(file);
    } catch (IOException | RuntimeException | Error e) {
      deleteAfter(e, file);
      throw e;
    }
  }

  private static void deleteAfter(Throwable failure, Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      failure.addSuppressed(e); // an empty file stays, as the contract says
    }
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return naming(
        "cannot open",
        file,
        () -> DirectFile.forWriting(file, opener, refusal -> logRefusal(file, refusal)));
  }

  private void logRefusal(Path file, Exception refusal) {
    if (refusalLogged.compareAndSet(false, true)) {
      LOG.info("{} is written through the page cache: {}", file, refusal.toString());
    }
  }

  @Override
  public DiskFile openForRead(Path file) throws IOException {
    return naming("cannot open", file, () -> DirectFile.forReading(file, opener));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    DiskArguments.checkMap(position, length);
    try (UninterruptedChannel channel = new UninterruptedChannel(file, READ, opener)) {
      long size = channel.size();
      if (position > size - length) {
        throw new IOException("it ends at " + size);
      }
      return new MappedPart(channel.map(position, length));
    } catch (IOException e) {
      throw refused("cannot map " + length + " bytes at " + position + " of", file, e);
    }
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    naming(
        "cannot rename to " + to, from, () -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE));
  }

  @Override
  public void delete(Path path) throws IOException {
    naming("cannot delete", path, () -> Files.deleteIfExists(path));
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    try (UninterruptedChannel channel = openDirectory(directory)) {
      forceDirectory(channel, directory);
    } catch (DiskShortageException e) {
      throw e;
    } catch (IOException e) {
      throw DiskErrors.asFinal(named("cannot sync", directory, e));
    } catch (OutOfMemoryError e) {
      throw DiskErrors.unknown("cannot sync", directory, e);
    }
  }

  /** Makes one call on the channel, so that the sync, which is the second, allocates nothing. */
  private UninterruptedChannel openDirectory(Path directory) throws IOException {
    try {
      return naming(
          "cannot open",
          directory,
          () -> {
            UninterruptedChannel channel = new UninterruptedChannel(directory, READ, opener);
            try {
              channel.size();
              return channel;
            } catch (IOException | RuntimeException | Error e) {
              channel.close();
              throw e;
            }
          });
    } catch (OutOfMemoryError e) {
      throw Objects.requireNonNull(Lack.of(e));
    }
  }

  private static void forceDirectory(UninterruptedChannel channel, Path directory)
      throws IOException {
    try {
      channel.forceDirectory();
    } catch (IOException e) {
      if (DiskErrors.isUnsupported(e)) {
        throw new DirectorySyncUnsupportedException(
            "the file system of " + directory + " cannot sync directories: " + e.getMessage(), e);
      }
      throw e;
    }
  }

  @Override
  public long usableSpace(Path directory) throws IOException {
    try {
      FileStore store = Files.getFileStore(directory);
      long usable = store.getUsableSpace();
      boolean told = usable >= 0 && store.getTotalSpace() != 0; // ramfs says 0 of 0
      return told ? usable : Long.MAX_VALUE;
    } catch (NoSuchFileException e) {
      throw named("cannot tell the space left for", directory, e);
    } catch (IOException e) {
      return Long.MAX_VALUE; // a mount that is not listed, as in some containers
    }
  }

  @Override
  public StoreLock lock(Path file) throws IOException {
    return naming("cannot lock", file, () -> LockFile.acquire(file));
  }

  private static final class MappedPart implements Mapping {

    private final MappedByteBuffer mapped;
    private volatile @Nullable ByteBuffer buffer;

    MappedPart(MappedByteBuffer mapped) {
      this.mapped = mapped;
      this.buffer = mapped.order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public ByteBuffer buffer() {
      ByteBuffer present = buffer;
      if (present == null) {
        throw new IllegalStateException("unmapped");
      }
      return present;
    }

    @Override
    public void unmap() {
      buffer = null;
      BufferUtil.free(mapped);
    }
  }
}
