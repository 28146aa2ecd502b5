package dev.quarry;

import dev.quarry.index.checkpoint.Checkpoint;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.index.sieve.GhostImage;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.StoreLayout;
import java.io.Closeable;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoint that an opening finds, or none: whatever is wrong with it, it is as if missing.
 */
final class CheckpointFile implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFile.class);

  private final @Nullable Checkpoint checkpoint;
  private final long fileLength;

  private CheckpointFile(@Nullable Checkpoint checkpoint, long fileLength) {
    this.checkpoint = checkpoint;
    this.fileLength = fileLength;
  }

  /** Thrown by who has begun to load a checkpoint and finds it damaged after all. */
  static final class LostException extends IOException {

    private static final long serialVersionUID = 1;

    LostException(Exception cause) {
      super(cause);
    }
  }

  /** The checkpoint of a store, if there is a good one. Removes what an interrupted write left. */
  static CheckpointFile find(Disk disk, StoreLayout layout, UUID storeId) throws IOException {
    disk.delete(layout.checkpointTemporary());
    long fileLength = 0;
    try {
      fileLength = disk.exists(layout.checkpoint()) ? disk.size(layout.checkpoint()) : 0;
      return new CheckpointFile(Checkpoint.open(disk, layout, storeId), fileLength);
    } catch (DiskShortageException e) {
      throw e; // it may be good
    } catch (IOException | BlobStoreException e) {
      return useless(fileLength, e);
    }
  }

  /** The same file as one that is of no use after all; the next one will replace it. */
  CheckpointFile useless(Exception reason) {
    return useless(fileLength, reason);
  }

  private static CheckpointFile useless(long fileLength, Exception reason) {
    LOG.warn("opening takes longer, as the checkpoint is of no use: {}", reason.getMessage());
    return new CheckpointFile(null, fileLength);
  }

  /** The checkpoint; null if there is none. */
  @Nullable Checkpoint get() {
    return checkpoint;
  }

  /** The number of entries in it. */
  long entries() {
    return checkpoint == null ? 0 : checkpoint.entries();
  }

  /** Bytes of it on disk, also if it is of no use. */
  long fileLength() {
    return fileLength;
  }

  /** Where the hand of eviction was. */
  long hand() {
    return checkpoint == null ? 0 : checkpoint.head().hand();
  }

  /** What eviction remembered; nothing if that is not known. */
  Ghost ghost(BlobStoreOptions options, KeyDirectory directory) {
    if (checkpoint != null && checkpoint.head().blob().hasRemaining()) {
      try {
        return GhostImage.read(
            checkpoint.head().blob(), options.capacityBytes(), directory::liveKeys);
      } catch (IllegalArgumentException e) {
        LOG.warn("what was evicted is forgotten: {}", e.getMessage());
      }
    }
    return new Ghost(options.capacityBytes(), directory::liveKeys);
  }

  @Override
  public void close() throws IOException {
    if (checkpoint != null) {
      checkpoint.close();
    }
  }
}
