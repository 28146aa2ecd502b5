package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.wal.GroupCommit;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sequence-numbered slabs in memory: the active one, which takes records; the sealed ones
 * before it, which the {@link Flusher} puts on disk in their order; and the newest of those that
 * are on disk, which stay readable in memory until theirs is needed.
 *
 * <p>Writers take places in the active slab without a lock. Who finds it full rotates: seals it and
 * opens the next. When all slabs wait for the disk, so does the writer; when the disk is full, it
 * is told. Safe for use by any number of threads.
 */
final class Memtable {

  private record Resident(ActiveSlab slab, MappedSegment mapped) {}

  // constant
  private final UUID storeId;
  private final StoreLayout layout;
  private final BlobStoreOptions options;
  private final SegmentTable segments;
  private final @Nullable GroupCommit commit;
  private final FailureLatch latch;
  private final Runnable requestFlush;

  // self-synchronised
  private final SlabPool pool;
  private final AtomicInteger nextId;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();

  /** Written under the lock. Sealed and not yet replaced after a rotation that found no room. */
  private volatile ActiveSlab active;

  /** Written under the lock. */
  private volatile boolean closed;

  /** Sealed slabs that are not on disk, oldest first. */
  @GuardedBy("lock")
  private final Deque<ActiveSlab> sealed = new ArrayDeque<>();

  /** Slabs that are on disk, oldest first. */
  @GuardedBy("lock")
  private final Deque<Resident> resident = new ArrayDeque<>();

  /** Bytes of disk set aside for segments that are being written beside the slabs. */
  @GuardedBy("lock")
  private long reserved;

  /** Why the last attempt to flush the oldest sealed slab found no room; null when it did. */
  @GuardedBy("lock")
  private @Nullable DiskFullException full;

  /**
   * @param commit the log; null in a cache
   * @param nextId the first id of a segment that is free
   * @param nextSequence the first sequence number that is
   * @param requestFlush has the flusher look for sealed slabs
   */
  Memtable(
      UUID storeId,
      StoreLayout layout,
      BlobStoreOptions options,
      SegmentTable segments,
      @Nullable GroupCommit commit,
      FailureLatch latch,
      int nextId,
      long nextSequence,
      Runnable requestFlush) {
    this.storeId = storeId;
    this.layout = layout;
    this.options = options;
    this.segments = segments;
    this.commit = commit;
    this.latch = latch;
    this.requestFlush = requestFlush;
    this.pool = new SlabPool(options.segmentBytes(), options.slabs());
    this.nextId = new AtomicInteger(nextId);
    this.active = open(Objects.requireNonNull(pool.tryTake()), nextSequence, null);
  }

  /** Closes the first slab at once where a cache has no room for what it would become. */
  void start() {
    lock.lock();
    try {
      checkBound(0);
    } catch (StoreFullException e) {
      seal(active); // and who writes is told
    } finally {
      lock.unlock();
    }
  }

  /** The slab that takes records; sealed at any moment. */
  ActiveSlab active() {
    return active;
  }

  /** An id for a segment that is not a slab's. */
  int takeId() {
    return nextId.getAndIncrement();
  }

  // ---- rotation ----

  /**
   * Replaces the active slab if it still is the one that a writer found full; waits for the disk if
   * all slabs do.
   *
   * @throws StoreFullException if the disk is full, or the cache at its bound
   */
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  void rotate(ActiveSlab found) {
    lock.lock();
    try {
      while (active == found) {
        checkUsable();
        seal(found);
        checkBound(options.segmentBytes());
        ByteBuffer memory = takeMemory();
        if (memory != null) {
          active = open(memory, found.slab().nextSequence(), found.slab());
        } else {
          awaitFlusher(() -> active != found || hasMemory());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void seal(ActiveSlab slab) {
    if (!slab.slab().isSealed()) {
      slab.slab().seal();
      sealed.add(slab);
      requestFlush.run();
    }
  }

  private ActiveSlab open(ByteBuffer memory, long firstSequence, @Nullable Slab previous) {
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
    segments.addAll(List.of(segment));
    return new ActiveSlab(slab, segment, commit == null ? null : commit.add(slab));
  }

  @GuardedBy("lock")
  private @Nullable ByteBuffer takeMemory() {
    ByteBuffer memory = pool.tryTake();
    while (memory == null && evictResident()) {
      memory = pool.tryTake();
    }
    return memory;
  }

  @GuardedBy("lock")
  private boolean hasMemory() {
    return !resident.isEmpty() || pool.hasSpare();
  }

  /** Has the readers of the oldest slab that is on disk go there, and its memory come back. */
  @GuardedBy("lock")
  private boolean evictResident() {
    Resident oldest = resident.poll();
    if (oldest == null) {
      return false;
    }
    oldest.slab.segment().moveTo(oldest.mapped);
    pool.retire(oldest.slab.slab());
    return true;
  }

  /**
   * Waits until something holds, as long as there is hope.
   *
   * @throws StoreFullException if the disk is full
   */
  @GuardedBy("lock")
  private void awaitFlusher(BooleanSupplier holds) {
    full = null;
    requestFlush.run();
    while (!holds.getAsBoolean()) {
      latch.check();
      if (full != null) {
        throw new StoreFullException("the disk is full: " + full.getMessage(), full);
      }
      progress.awaitUninterruptibly();
    }
  }

  /**
   * Refuses what would take a cache beyond its bound.
   *
   * @param bytes of disk wanted
   */
  @GuardedBy("lock")
  private void checkBound(long bytes) {
    if (options.mode() == StoreMode.DURABLE) {
      return;
    }
    long taken = segments.claimedBytes(options.segmentBytes()) + reserved;
    if (taken + bytes > options.maxBytes()) {
      throw new StoreFullException(
          "the cache takes "
              + taken
              + " bytes of its "
              + options.maxBytes()
              + ", there is no room for another "
              + bytes);
    }
  }

  /**
   * Sets space aside for a segment that is not a slab's, until {@link #releaseSpace}.
   *
   * @throws StoreFullException if that would take a cache beyond its bound
   */
  void reserveSpace(long bytes) {
    lock.lock();
    try {
      checkBound(bytes);
      reserved += bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Ends what {@link #reserveSpace} began: the segment is there, or never will be. */
  void releaseSpace(long bytes) {
    lock.lock();
    try {
      reserved -= bytes;
    } finally {
      lock.unlock();
    }
  }

  private void checkUsable() {
    if (closed) {
      throw new StoreClosedException("the store is closed");
    }
    latch.check();
  }

  // ---- the flusher's side ----

  /** The sealed slab to be flushed next; null when there is none. */
  @Nullable ActiveSlab oldestSealed() {
    lock.lock();
    try {
      return sealed.peek();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that the oldest sealed slab is on disk; it stays in memory for now. */
  void flushed(ActiveSlab slab, MappedSegment mapped) {
    lock.lock();
    try {
      sealed.remove(slab);
      resident.add(new Resident(slab, mapped));
      full = null;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that the oldest sealed slab held nothing and has no file. */
  void dropped(ActiveSlab slab) {
    lock.lock();
    try {
      sealed.remove(slab);
      segments.remove(slab.segment());
      pool.retire(slab.slab());
      full = null;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that there was no room for the oldest sealed slab. */
  void foundFull(DiskFullException reason) {
    lock.lock();
    try {
      full = reason;
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Wakes who waits for the flusher, as it has failed. */
  void failed() {
    lock.lock();
    try {
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Sees to it that the next rotation finds clean memory. */
  void prepareMemory() {
    lock.lock();
    try {
      if (!pool.hasSpare()) {
        evictResident();
      }
    } finally {
      lock.unlock();
    }
    pool.clean();
  }

  // ---- sync, close, figures ----

  /**
   * Puts everything that was written before on disk, as segments.
   *
   * @throws StoreFullException if the disk is full
   */
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  void flushAll() {
    lock.lock();
    try {
      checkUsable();
      ActiveSlab last = active;
      if (!last.slab().isEmpty()) {
        seal(last); // the next writer opens another
      }
      awaitFlusher(() -> sealed.stream().noneMatch(slab -> slab.slab().id() <= last.slab().id()));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes no more records, and puts those there are on disk. Whatever fails, nothing is taken any
   * more.
   */
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  void close() {
    lock.lock();
    try {
      closed = true;
      latch.check();
      seal(active);
      awaitFlusher(sealed::isEmpty);
    } finally {
      lock.unlock();
    }
  }

  /** Lets go of all memory, after {@link #close}. */
  void release() {
    lock.lock();
    try {
      while (evictResident()) {
        // the mappings are retired with the segments
      }
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of memory that slabs take. */
  long memoryBytes() {
    return pool.memoryBytes();
  }
}
