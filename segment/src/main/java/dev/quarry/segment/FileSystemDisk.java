package dev.quarry.segment;

import static dev.quarry.segment.DiskErrors.named;
import static dev.quarry.segment.DiskErrors.naming;

import dev.quarry.StoreLockedException;
import dev.quarry.segment.UninterruptedChannel.Opener;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
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
import java.util.concurrent.ConcurrentHashMap;
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

  /**
   * The lock files this process holds, by real path. A second channel on one of them must not even
   * be opened: closing it would give up the POSIX lock held through the first.
   */
  private static final Set<Path> LOCKED = ConcurrentHashMap.newKeySet();

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
    naming("cannot create", directory, () -> Files.createDirectories(directory));
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
      throw named("cannot examine", path, e);
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
      throw named("cannot list", directory, e);
    } catch (UncheckedIOException e) {
      throw named("cannot list", directory, e.getCause());
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
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
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
      throw named("cannot map " + length + " bytes at " + position + " of", file, e);
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
    try (UninterruptedChannel channel = new UninterruptedChannel(directory, READ, opener)) {
      channel.forceDirectory();
    } catch (IOException e) {
      throw DiskErrors.asFinal(named("cannot sync", directory, e));
    }
  }

  @Override
  public long usableSpace(Path directory) throws IOException {
    return naming(
        "cannot tell the space left for",
        directory,
        () -> Files.getFileStore(directory).getUsableSpace());
  }

  @Override
  public Closeable lock(Path file) throws IOException {
    return naming(
        "cannot lock",
        file,
        () -> {
          createIfMissing(file);
          HeldLock lock = new HeldLock(file.toRealPath());
          if (!lock.acquire()) {
            throw new StoreLockedException(file);
          }
          return lock;
        });
  }

  private static void createIfMissing(Path file) throws IOException {
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // Left from the last time: deleting it on release would race with the next to lock it.
    }
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

  private static final class HeldLock implements Closeable {

    private final Path realPath;
    private final AtomicBoolean held = new AtomicBoolean();
    private @Nullable FileChannel channel;

    HeldLock(Path realPath) {
      this.realPath = realPath;
    }

    /** Whether the file is now locked; it may be closed either way. */
    boolean acquire() throws IOException {
      if (!LOCKED.add(realPath)) {
        return false;
      }
      held.set(true);
      boolean locked = false;
      try {
        channel = FileChannel.open(realPath, StandardOpenOption.WRITE);
        locked = channel.tryLock() != null;
      } catch (OverlappingFileLockException e) {
        // Other code in this process has locked it.
      } finally {
        if (!locked) {
          close();
        }
      }
      return locked;
    }

    /** Gives the name up last: until then nobody else may open a channel on the file. */
    @Override
    public void close() throws IOException {
      if (held.compareAndSet(true, false)) {
        try {
          if (channel != null) {
            channel.close();
          }
        } finally {
          LOCKED.remove(realPath);
        }
      }
    }
  }
}
