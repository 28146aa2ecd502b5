package dev.quarry;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.wal.GroupCommit;
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
  private final Runnable opening;

  /**
   * @param commit the log; null in a cache
   * @param pool gets the memory back
   * @param nextId the first id of a segment that is free
   * @param opening told just before a slab is opened
   */
  SlabOpener(
      UUID storeId,
      StoreLayout layout,
      SegmentTable segments,
      @Nullable GroupCommit commit,
      SlabPool pool,
      int nextId,
      Runnable opening) {
    this.storeId = storeId;
    this.layout = layout;
    this.segments = segments;
    this.commit = commit;
    this.pool = pool;
    this.nextId = new AtomicInteger(nextId);
    this.opening = opening;
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
  ActiveSlab open(DirectMemory memory, long firstSequence, @Nullable Slab previous) {
    try {
      return tryOpen(memory, firstSequence, previous);
    } catch (Throwable e) { // the heap is full
      pool.putBack(memory);
      throw e;
    }
  }

  private ActiveSlab tryOpen(DirectMemory memory, long firstSequence, @Nullable Slab previous) {
    opening.run();
    FileHeader header =
        new FileHeader(
            FileHeader.SEGMENT_MAGIC,
            storeId,
            takeId(),
            firstSequence,
            previous == null || commit == null ? 0 : previous.end(),
            previous == null || commit == null ? 0 : previous.id());
    Slab slab = new Slab(memory.buffer(), header, released -> giveBack(released, memory));
    Segment segment = new Segment(slab, layout.segment(slab.id()));
    GroupCommit.Ticket log = commit == null ? null : commit.add(slab);
    try {
      ActiveSlab opened = new ActiveSlab(slab, segment, log);
      segments.addAll(List.of(segment));
      return opened;
    } catch (Throwable e) { // the heap is full
      if (log != null) {
        commit.forget(log);
      }
      throw e;
    }
  }

  /** A buffer that a caller has over a slab leads to memory that other slabs use later. */
  private void giveBack(Slab released, DirectMemory memory) {
    if (released.isLent()) {
      memory.lend();
    }
    pool.giveBack(memory);
  }
}
