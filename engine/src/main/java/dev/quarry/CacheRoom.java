package dev.quarry;

import java.util.concurrent.locks.LockSupport;

/**
 * Makes room in a cache for a writer that finds none, in the writer's thread: by passes, and by
 * waiting for what they will be able to reclaim. Safe for use by any number of threads.
 */
final class CacheRoom {

  private static final long PARK_NANOS = 100_000;

  /** How long a writer waits for readers to let go of files. */
  private static final long PATIENCE_NANOS = 1_000_000_000;

  private final Space space;
  private final Memtable memtable;
  private final SegmentTable segments;
  private final Graveyard graveyard;
  private final FailureLatch latch;

  CacheRoom(
      Space space,
      Memtable memtable,
      SegmentTable segments,
      Graveyard graveyard,
      FailureLatch latch) {
    this.space = space;
    this.memtable = memtable;
    this.segments = segments;
    this.graveyard = graveyard;
    this.latch = latch;
  }

  /**
   * Makes room, unless the store has failed.
   *
   * @param bytes of disk wanted
   * @throws StoreFullException if there is none to be made
   * @throws StoreClosedException if the store is being closed
   */
  void make(long bytes) {
    CacheBound bound = memtable.bound();
    if (bytes > bound.most()) {
      throw bound.refusal(bytes);
    }
    long start = System.nanoTime();
    while (!latch.isSet() && !bound.fits(bytes)) {
      if (space.isStopped()) {
        throw new StoreClosedException("the store is closed");
      }
      int newest = segments.newestId();
      boolean hopeless = !isAnythingComing(System.nanoTime() - start);
      if (space.pass(bytes)) {
        continue;
      }
      if (hopeless && segments.newestId() == newest && !bound.fits(bytes)) {
        throw bound.refusal(bytes); // the pass has seen all there was to see
      }
      if (!memtable.awaitFlush()) {
        LockSupport.parkNanos(this, PARK_NANOS);
      }
    }
  }

  /**
   * Whether slabs will be flushed, puts published, or readers let go of files, for sure or soon.
   */
  private boolean isAnythingComing(long waitedNanos) {
    return memtable.isFlushing()
        || !segments.areAllSettled()
        || (waitedNanos < PATIENCE_NANOS && !graveyard.all().isEmpty());
  }
}
