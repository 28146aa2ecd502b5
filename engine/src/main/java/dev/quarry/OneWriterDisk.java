package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.LockLostException;
import dev.quarry.segment.StoreLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A disk that changes nothing once another process has the lock that was taken through it. The lock
 * is checked
 *
 * <ul>
 *   <li>before each change of a directory, and each opening for writing;
 *   <li>before each write, as the other process may have made a segment of the log, and each sync
 *       of a directory;
 *   <li>after each sync. What was written while the lock was held the other process finds, so
 *       nothing is acknowledged that it may have missed.
 * </ul>
 *
 * <p>A lock that was lost stays so, whatever becomes of its file. Safe for use by any number of
 * threads.
 */
final class OneWriterDisk extends ForwardingDisk {

  /** Null before the store is locked, when nothing but its directory is created. */
  private volatile @Nullable StoreLock lock;

  private volatile @Nullable LockLostException lost;

  OneWriterDisk(Disk disk) {
    super(disk);
  }

  @Override
  public StoreLock lock(Path file) throws IOException {
    StoreLock taken = super.lock(file);
    lock = taken;
    return taken;
  }

  /** Finds out whether the lock is held. */
  @FunctionalInterface
  private interface Check {
    void of(StoreLock lock) throws IOException;
  }

  private void require(Check check) throws IOException {
    StoreLock held = lock;
    if (held == null) {
      return;
    }
    LockLostException before = lost;
    if (before != null) {
      throw before.again();
    }
    try {
      check.of(held);
    } catch (LockLostException e) {
      lost = e;
      throw e;
    }
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    require(StoreLock::renew);
    super.createDirectories(directory);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    require(StoreLock::renew);
    return new OneWriterFile(super.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    require(StoreLock::renew);
    return new OneWriterFile(super.open(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    require(StoreLock::renew);
    super.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    require(StoreLock::renew);
    super.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    require(StoreLock::check);
    super.syncDirectory(directory);
  }

  private final class OneWriterFile extends ForwardingFile {

    OneWriterFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      require(StoreLock::check);
      super.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      require(StoreLock::check);
      super.truncate(size);
    }

    @Override
    public void force() throws IOException {
      super.force();
      try {
        require(StoreLock::check);
      } catch (DiskFullException | DiskShortageException e) {
        throw new IOException(path() + " is synced, but: " + e.getMessage(), e);
      }
    }
  }
}
