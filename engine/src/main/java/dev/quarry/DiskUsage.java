package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import dev.quarry.wal.GroupCommit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the files of an open store take of the disk, the key index left aside. */
final class DiskUsage {

  private final SegmentTable segments;
  private final Graveyard graveyard;
  private final @Nullable GroupCommit commit;
  private final Reserve reserve;
  private final Checkpointer checkpointer;
  private final long identityBytes;

  /**
   * @param commit null in a cache, which has no log
   */
  DiskUsage(
      SegmentTable segments,
      Graveyard graveyard,
      @Nullable GroupCommit commit,
      Reserve reserve,
      Checkpointer checkpointer,
      Disk disk,
      StoreLayout layout)
      throws IOException {
    this.segments = segments;
    this.graveyard = graveyard;
    this.commit = commit;
    this.reserve = reserve;
    this.checkpointer = checkpointer;
    this.identityBytes = disk.size(layout.store());
  }

  /** Bytes of segment files, those about to be deleted included. */
  long segmentBytes() {
    return segments.diskBytes() + graveyard.bytes();
  }

  /** Bytes of segment files that are not live records. */
  long deadBytes() {
    return segments.deadBytes() + graveyard.bytes();
  }

  /** Bytes of logs. */
  long logBytes() {
    return commit == null ? 0 : commit.fileBytes();
  }

  /** Bytes of all files. */
  long totalBytes() {
    return segmentBytes()
        + logBytes()
        + reserve.reserveBytes()
        + checkpointer.fileLength()
        + identityBytes;
  }

  /** How much of each segment file is live, in the order of the queue. */
  List<StoreStats.LiveShare> liveShares() {
    List<StoreStats.LiveShare> shares = new ArrayList<>();
    for (Segment segment : segments.inQueueOrder()) {
      Trailer trailer = segment.trailer();
      if (trailer != null) {
        shares.add(
            new StoreStats.LiveShare(segment.id(), trailer.fileLength(), segment.liveBytes()));
      }
    }
    return shares;
  }
}
