package dev.quarry;

import dev.quarry.segment.DirectorySyncUnsupportedException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.ForwardingDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The disk of a cache, which goes on where the file system cannot sync directories; the log says so
 * once. A power failure may then take back the names of segments that the cache has written, and
 * with them deletes and evictions, so that older values come back. Safe for use by any number of
 * threads.
 */
final class UnsyncedDirectoriesDisk extends ForwardingDisk {

  private static final Logger LOG = LoggerFactory.getLogger(UnsyncedDirectoriesDisk.class);

  private final AtomicBoolean logged = new AtomicBoolean();

  UnsyncedDirectoriesDisk(Disk disk) {
    super(disk);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    try {
      super.syncDirectory(directory);
    } catch (DirectorySyncUnsupportedException e) {
      if (logged.compareAndSet(false, true)) {
        LOG.warn(
            "{}; a power failure may empty the cache, or undo its last deletes", e.getMessage());
      }
    }
  }
}
