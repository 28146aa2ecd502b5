package dev.quarry;

import dev.quarry.segment.Slab;
import dev.quarry.wal.GroupCommit;
import org.jspecify.annotations.Nullable;

/** A slab of the memtable with what goes with it. Immutable. */
final class ActiveSlab {

  private final Slab slab;
  private final Segment segment;
  private final GroupCommit.@Nullable Ticket log;

  /**
   * @param slab takes the records
   * @param segment what it is the image of
   * @param log its log; null in a cache
   */
  ActiveSlab(Slab slab, Segment segment, GroupCommit.@Nullable Ticket log) {
    this.slab = slab;
    this.segment = segment;
    this.log = log;
  }

  Slab slab() {
    return slab;
  }

  Segment segment() {
    return segment;
  }

  GroupCommit.@Nullable Ticket log() {
    return log;
  }
}
