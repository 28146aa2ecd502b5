package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/**
 * Keeps a cache within its bound: what it takes of the disk, and will take when its slabs are
 * flushed, is not more. A durable store has no bound.
 *
 * <p>Safe for use by any number of threads.
 */
final class CacheBound {

  private final BlobStoreOptions options;
  private final SegmentTable segments;
  private final Graveyard graveyard;
  private final FailureLatch latch;
  private final LongConsumer makeRoom;
  private final ReentrantLock lock;

  /** Bytes of disk set aside for segments that are being written beside the slabs. */
  @GuardedBy("lock")
  private long reserved;

  /**
   * @param makeRoom makes room for so many bytes, or throws; called without the lock
   * @param lock under which slabs are opened: who holds it finds room, and takes it, in one step
   */
  CacheBound(
      BlobStoreOptions options,
      SegmentTable segments,
      Graveyard graveyard,
      FailureLatch latch,
      LongConsumer makeRoom,
      ReentrantLock lock) {
    this.options = options;
    this.segments = segments;
    this.graveyard = graveyard;
    this.makeRoom = makeRoom;
    this.latch = latch;
    this.lock = lock;
  }

  /** Whether there is room for so many bytes more; always in a store that is not bound. */
  boolean fits(long bytes) {
    return !isBound() || free() >= bytes;
  }

  /** Nothing of the disk is taken by a cache that goes on in memory alone. */
  private boolean isBound() {
    return options.mode() == StoreMode.CACHE && !latch.isMemoryOnly();
  }

  /** Bytes of disk that are left; negative when the bound was higher once. */
  long free() {
    return options.maxBytes() - taken();
  }

  /** The most bytes that room can be made for, beside a slab and the output of a compaction. */
  long most() {
    return options.maxBytes() - 2L * options.segmentBytes();
  }

  /** What to throw when there is no room, nor any to be made. */
  StoreFullException refusal(long bytes) {
    return new StoreFullException(
        "the cache takes "
            + taken()
            + " bytes of its "
            + options.maxBytes()
            + ", there is no room for another "
            + bytes);
  }

  private long taken() {
    lock.lock();
    try {
      return segments.claimedBytes(options.segmentBytes()) + graveyard.bytes() + reserved;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reserves disk space for a segment that is not a slab's, until {@link #release}. A cache that
   * has so much reserves a whole segment at a time, so that a value that grows does not make room
   * again for each of its pieces.
   *
   * @param held what was set aside for the same segment before
   * @param more bytes that it needs beside those
   * @return bytes set aside, at least as many
   * @throws StoreFullException if that would take a cache beyond its bound, and no room can be made
   */
  long reserve(long held, long more) {
    if (!isBound()) {
      return 0;
    }
    if (held + more > most()) {
      throw refusal(held + more);
    }
    long bytes = held == 0 ? more : Math.max(more, Math.min(options.segmentBytes(), most() - held));
    while (!tryReserve(bytes)) {
      makeRoom.accept(bytes);
    }
    return bytes;
  }

  private boolean tryReserve(long bytes) {
    lock.lock();
    try {
      boolean fits = fits(bytes);
      if (fits) {
        reserved += bytes;
      }
      return fits;
    } finally {
      lock.unlock();
    }
  }

  /** Ends what {@link #reserve} began: the segment is there, or never will be. */
  void release(long bytes) {
    lock.lock();
    try {
      reserved -= bytes;
    } finally {
      lock.unlock();
    }
  }
}
