package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import dev.quarry.wal.GroupCommit;
import dev.quarry.wal.LogPromotion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes segment files of sealed slabs, oldest first.
 *
 * <ul>
 *   <li>Durable: the log of the slab is completed, gets its footer, and is renamed. Of the records
 *       only those of the last block are written again.
 *   <li>Cache: the slab is written in large direct writes to a temporary file, which is synced and
 *       renamed. A crash before leaves a temporary file, which the next opening removes.
 * </ul>
 *
 * <p>A slab that a lack keeps from the disk stays in memory. Each step is taken once: the next
 * attempt goes on where the one before ended. Runs on the store's background thread alone.
 */
final class Flusher {

  private static final int WRITE_BYTES = 1 << 20;
  private static final long PARK_NANOS = 50_000;

  private final Disk disk;
  private final StoreLayout layout;
  private final KeyHash hasher;
  private final @Nullable GroupCommit commit;
  private final Reserve reserve;

  /** The log of the oldest sealed slab, complete, after an attempt that a lack ended. */
  private @Nullable DiskFile unpromoted;

  /** The trailer of that slab when its file is whole, on stable storage, and to be renamed. */
  private @Nullable Trailer complete;

  /** Whether the temporary file of that slab has been renamed, not necessarily for good. */
  private boolean renamed;

  /** The trailer of that slab when its file has its name for good. */
  private @Nullable Trailer named;

  /** That file, until {@link #done}. */
  private @Nullable MappedSegment mapped;

  /**
   * @param commit the log; null in a cache
   * @param reserve is used for the promotion of logs
   */
  Flusher(
      Disk disk,
      StoreLayout layout,
      KeyHash hasher,
      @Nullable GroupCommit commit,
      Reserve reserve) {
    this.disk = disk;
    this.layout = layout;
    this.hasher = hasher;
    this.commit = commit;
    this.reserve = reserve;
  }

  /**
   * Makes a file of the oldest sealed slab. Until {@link #done} it may be called again, after a
   * lack or not, and returns the same.
   *
   * @return null if the slab holds no record, and so needs no file
   * @throws DiskFullException if there is no room; it may be tried again
   * @throws dev.quarry.segment.DiskShortageException if something else lacks; it may be tried again
   */
  @Nullable MappedSegment flush(ActiveSlab sealed) throws IOException {
    Slab slab = sealed.slab();
    if (named == null) {
      named =
          commit == null
              ? write(slab)
              : reserve.withReserve(
                  () -> promote(slab, commit, Objects.requireNonNull(sealed.log())));
    }
    if (named == null) {
      return null;
    }
    if (mapped == null) {
      mapped = MappedSegment.map(disk, layout.segment(slab.id()));
      sealed.segment().flushed(named);
    }
    return mapped;
  }

  /** Ends the work on a slab: the next one is another's. */
  void done() {
    named = null;
    mapped = null;
  }

  private @Nullable Trailer promote(Slab slab, GroupCommit commit, GroupCommit.Ticket log)
      throws IOException {
    if (complete == null) {
      if (unpromoted == null) {
        unpromoted = commit.finish(log);
      }
      if (unpromoted == null) {
        return null;
      }
      Trailer trailer = slab.finish(hasher);
      LogPromotion.complete(slab, unpromoted, commit.durable(log), trailer);
      complete = trailer; // first: if closing meets a lack, the rename is still to come
      closeLog();
    }
    Trailer trailer = complete;
    if (trailer.entries() > 0) {
      LogPromotion.rename(disk, layout, slab.id());
    } else {
      disk.delete(layout.log(slab.id()));
      disk.syncDirectory(layout.logs());
    }
    complete = null;
    return trailer.entries() > 0 ? trailer : null;
  }

  private @Nullable Trailer write(Slab slab) throws IOException {
    if (complete == null) {
      complete = writeTemporary(slab);
    }
    Trailer trailer = complete;
    if (trailer == null) {
      return null;
    }
    if (!renamed) {
      disk.rename(layout.segmentTemporary(slab.id()), layout.segment(slab.id()));
      renamed = true;
    }
    disk.syncDirectory(layout.segments());
    complete = null;
    renamed = false;
    return trailer;
  }

  private @Nullable Trailer writeTemporary(Slab slab) throws IOException {
    while (slab.completedPrefix(FileHeader.LENGTH) < slab.end()) {
      LockSupport.parkNanos(this, PARK_NANOS); // a writer is copying
    }
    Trailer trailer = slab.finish(hasher);
    if (trailer.entries() == 0) {
      return null;
    }
    Path temporary = layout.segmentTemporary(slab.id());
    disk.delete(temporary);
    try (DiskFile file = disk.create(temporary)) {
      ByteBuffer image = slab.blocks(0, (int) trailer.fileLength());
      for (int at = 0; at < image.limit(); at += WRITE_BYTES) {
        file.write(image.slice(at, Math.min(WRITE_BYTES, image.limit() - at)), at);
      }
      file.force();
    }
    return trailer;
  }

  /** Closes what an attempt left open. */
  void close() throws IOException {
    MappedSegment unused = mapped;
    mapped = null;
    if (unused != null) {
      unused.retire();
    }
    closeLog();
  }

  private void closeLog() throws IOException {
    DiskFile file = unpromoted;
    unpromoted = null;
    if (file != null) {
      file.close();
    }
  }
}
