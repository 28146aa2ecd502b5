package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.ForwardingDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk on which a directory whose sync has failed is never synced again. Several threads name
 * files in one directory, and what the failed sync of one of them was to make durable, a later one
 * need not, though it succeeds: so it must not, not even before the first thread has told of its
 * failure.
 *
 * <p>Syncs of one directory are made one after the other. Safe for use by any number of threads.
 */
final class FinalSyncDisk extends ForwardingDisk {

  private final Map<Path, Directory> directories = new ConcurrentHashMap<>();

  FinalSyncDisk(Disk disk) {
    super(disk);
  }

  @Override
  public void syncDirectory(Path path) throws IOException {
    directories.computeIfAbsent(path, Directory::new).sync();
  }

  private void syncNow(Path path) throws IOException {
    super.syncDirectory(path);
  }

  private final class Directory {

    private final Path path;
    private @Nullable IOException failure;

    Directory(Path path) {
      this.path = path;
    }

    synchronized void sync() throws IOException {
      if (failure != null) {
        throw new IOException("cannot sync " + path + ", as that failed before", failure);
      }
      try {
        syncNow(path);
      } catch (DiskInterruptedException e) {
        throw e; // it is to be done again
      } catch (DiskShortageException e) {
        throw e; // there was no sync
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }
  }
}
