package dev.quarry;

import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.wal.GroupCommit;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Opens slabs: gives each the id of the segment it will become, its place in the table of segments
 * and, in a durable store, its log. Safe for use by any number of threads.
 */
final class SlabOpener {

  private final UUID storeId;
  private final StoreLayout layout;
  private final SegmentTable segments;
  private final @Nullable GroupCommit commit;
  private final SlabPool pool;
  private final AtomicInteger nextId;

  /**
   * @param commit the log; null in a cache
   * @param pool gets the memory back
   * @param nextId the first id of a segment that is free
   */
  SlabOpener(
      UUID storeId,
      StoreLayout layout,
      SegmentTable segments,
      @Nullable GroupCommit commit,
      SlabPool pool,
      int nextId) {
    this.storeId = storeId;
    this.layout = layout;
    this.segments = segments;
    this.commit = commit;
    this.pool = pool;
    this.nextId = new AtomicInteger(nextId);
  }

  /** Gives out an id. */
  int takeId() {
    return nextId.getAndIncrement();
  }

  /**
   * Opens a slab; gives the memory back if it cannot.
   *
   * @param memory of the slab, zeroed
   * @param firstSequence its first sequence number
   * @param previous the slab whose log comes before this one's; null for the first
   */
  ActiveSlab open(ByteBuffer memory, long firstSequence, @Nullable Slab previous) {
    try {
      return tryOpen(memory, firstSequence, previous);
    } catch (Throwable e) { // the heap is full
      pool.putBack(memory);
      throw e;
    }
  }

  private ActiveSlab tryOpen(ByteBuffer memory, long firstSequence, @Nullable Slab previous) {
    FileHeader header =
        new FileHeader(
            FileHeader.SEGMENT_MAGIC,
            storeId,
            takeId(),
            firstSequence,
            previous == null || commit == null ? 0 : previous.end(),
            previous == null || commit == null ? 0 : previous.id());
    Slab slab = new Slab(memory, header, pool::giveBack);
    Segment segment = new Segment(slab, layout.segment(slab.id()));
    ActiveSlab opened = new ActiveSlab(slab, segment, commit == null ? null : commit.add(slab));
    segments.addAll(List.of(segment));
    return opened;
  }
}
