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
 * <p>A slab that finds the disk full stays in memory and is tried again when a writer next needs
 * the room. Runs on the store's background thread alone.
 */
final class Flusher {

  private static final int WRITE_BYTES = 1 << 20;
  private static final long PARK_NANOS = 50_000;

  private final Disk disk;
  private final StoreLayout layout;
  private final KeyHash hasher;
  private final @Nullable GroupCommit commit;
  private final Reserve reserve;

  /** The log of the oldest sealed slab, complete, after an attempt that found the disk full. */
  private @Nullable DiskFile unpromoted;

  /** The trailer of that log when it is written, and the log closed and to be renamed. */
  private @Nullable Trailer complete;

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
   * Makes a file of a sealed slab.
   *
   * @return null if the slab holds no record, and so needs no file
   * @throws DiskFullException if there is no room; it may be tried again
   */
  @Nullable MappedSegment flush(ActiveSlab sealed) throws IOException {
    Slab slab = sealed.slab();
    Trailer trailer =
        commit == null
            ? write(slab)
            : reserve.withReserve(
                () -> promote(slab, commit, Objects.requireNonNull(sealed.log())));
    if (trailer == null) {
      return null;
    }
    MappedSegment mapped = MappedSegment.map(disk, layout.segment(slab.id()));
    sealed.segment().flushed(trailer);
    return mapped;
  }

  /**
   * Each step is taken once; an attempt that follows one that found the disk full goes on there.
   */
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
      close();
      complete = trailer;
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
    disk.rename(temporary, layout.segment(slab.id()));
    disk.syncDirectory(layout.segments());
    return trailer;
  }

  /** Closes what an attempt left open. */
  void close() throws IOException {
    DiskFile file = unpromoted;
    unpromoted = null;
    if (file != null) {
      file.close();
    }
  }
}
