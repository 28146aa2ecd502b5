package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.SteadfastLock;
import dev.quarry.segment.StoreLayout;
import dev.quarry.wal.GroupCommit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The sequence-numbered slabs in memory: the active one, which takes records; the sealed ones
 * before it, which the {@link Flusher} puts on disk in their order; and the newest of those that
 * are on disk, which stay readable in memory until theirs is needed.
 *
 * <p>Writers take places in the active slab without a lock. Who finds it full rotates: seals it and
 * opens the next. When all slabs wait for the disk, so does the writer; when the disk is full, it
 * is told, as with any other lack; when it failed, the oldest slab of a cache is dropped. Safe for
 * use by any number of threads.
 */
final class Memtable {

  /** How long a writer waits for readers that hold on to all slabs: a second at most. */
  private static final int PATIENCE = 100;

  private static final long MOMENT_NANOS = 10_000_000;
  private static final long COPYING_NANOS = 50_000;

  // constant
  private final BlobStoreOptions options;
  private final SegmentTable segments;
  private final @Nullable GroupCommit commit;
  private final FailureLatch latch;
  private final Runnable requestFlush;
  private final LongConsumer makeRoom;

  // self-synchronised
  private final SlabPool pool;
  private final ResidentSlabs residents;
  private final SlabOpener opener;
  private final ReentrantLock lock = new SteadfastLock();
  private final Condition progress = lock.newCondition();
  private final CacheBound bound;
  private final FlushAttempts attempts = new FlushAttempts();

  /** Written under the lock. Sealed and not yet replaced after a rotation that found no room. */
  private volatile ActiveSlab active;

  /** Written under the lock. */
  private volatile boolean closed;

  /** Sealed slabs that are not on disk, oldest first. */
  @GuardedBy("lock")
  private final Deque<ActiveSlab> sealed;

  /** Writers that wait for the memory of a slab. */
  @GuardedBy("lock")
  private int wanting;

  /**
   * @param pool the memory of slabs
   * @param commit the log; null in a cache
   * @param nextId the first id of a segment that is free
   * @param nextSequence the first sequence number that is
   * @param requestFlush has the flusher look for sealed slabs
   * @param graveyard segments whose files still take room
   * @param makeRoom makes room in a cache for so many bytes, or throws
   * @param slabOpened told just before a slab is opened
   */
  Memtable(
      UUID storeId,
      StoreLayout layout,
      BlobStoreOptions options,
      SlabPool pool,
      SegmentTable segments,
      @Nullable GroupCommit commit,
      FailureLatch latch,
      int nextId,
      long nextSequence,
      Runnable requestFlush,
      Graveyard graveyard,
      LongConsumer makeRoom,
      Runnable slabOpened) {
    this.options = options;
    this.segments = segments;
    this.commit = commit;
    this.latch = latch;
    this.requestFlush = requestFlush;
    this.makeRoom = makeRoom;
    this.bound = new CacheBound(options, segments, graveyard, latch, makeRoom, lock);
    this.pool = pool;
    this.sealed = pool.deque();
    this.residents = new ResidentSlabs(pool);
    this.opener = new SlabOpener(storeId, layout, segments, commit, pool, nextId, slabOpened);
    this.active = opener.open(Objects.requireNonNull(pool.tryTake()), nextSequence, null);
    latch.addListener(this::wake);
  }

  /** Closes the first slab at once where a cache has no room for what it would become. */
  void start() {
    lock.lock();
    try {
      if (!bound.fits(0)) {
        seal(active); // and who writes is told
      }
    } finally {
      lock.unlock();
    }
  }

  /** The slab that takes records; sealed at any moment. */
  ActiveSlab active() {
    return active;
  }

  /** The slabs that are on disk. */
  ResidentSlabs residents() {
    return residents;
  }

  /** Keeps a cache within its bound. */
  CacheBound bound() {
    return bound;
  }

  /** An id for a segment that is not a slab's. */
  int takeId() {
    return opener.takeId();
  }

  // ---- rotation ----

  /**
   * Replaces the active slab if it still is the one that a writer found full; waits for the disk if
   * all slabs do, or for one of them to be dropped.
   *
   * @throws StoreFullException if the disk is full, or the cache at its bound
   * @throws ResourceExhaustedException if something else lacks
   * @throws StoreFailedException if the store is read-only
   */
  void rotate(ActiveSlab found) {
    while (!tryRotate(found)) {
      try {
        makeRoom.accept(options.segmentBytes());
      } catch (StoreFullException e) {
        if (active == found) {
          throw e;
        } // else another writer found room
      }
    }
  }

  /** The same, but returns false where a cache has no room for another slab, and makes none. */
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  boolean tryRotate(ActiveSlab found) {
    lock.lock();
    try {
      int patience = PATIENCE;
      while (active == found) {
        checkOpen();
        latch.checkWritable();
        seal(found);
        if (!bound.fits(options.segmentBytes())) {
          return false;
        }
        DirectMemory memory = residents.takeMemory();
        if (memory != null) {
          active = opener.open(memory, found.slab().nextSequence(), found.slab());
        } else if (!sealed.isEmpty()) {
          awaitMemory(found);
        } else {
          awaitReaders(patience--);
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void seal(ActiveSlab slab) {
    if (!slab.slab().isSealed()) {
      if (sealed.peekLast() != slab) { // else memory ran out just before it was sealed
        sealed.add(slab);
      }
      slab.slab().seal();
      requestFlush.run();
    }
  }

  /** Whether a sealed slab is not on disk yet. */
  boolean isFlushing() {
    return oldestSealed() != null;
  }

  /**
   * Waits until the oldest sealed slab is on disk, or the store has failed.
   *
   * @return false if there is none
   * @throws StoreFullException if the disk is full
   * @throws ResourceExhaustedException if something else lacks
   */
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  boolean awaitFlush() {
    lock.lock();
    try {
      ActiveSlab oldest = sealed.peek();
      if (oldest != null) {
        awaitFlusher(() -> sealed.peek() != oldest || latch.isSet(), this::checkOpen);
      }
      return oldest != null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether records are on stable storage that are newer than those of all segments. */
  boolean isLogBegun() {
    return commit != null && commit.isAnythingDurable();
  }

  @GuardedBy("lock")
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  private void awaitMemory(ActiveSlab found) {
    wanting++;
    try {
      awaitFlusher(
          () -> active != found || residents.hasMemory() || sealed.isEmpty(), this::checkTakesMore);
    } finally {
      wanting--;
    }
  }

  /**
   * Waits a moment for the readers that hold on to all slabs, where the JVM has no memory for
   * another slab. Most are done at once; an open blob may hold on for long.
   *
   * @param patience how many moments are left
   * @throws OutOfMemoryError if none is
   */
  @GuardedBy("lock")
  private void awaitReaders(int patience) {
    if (patience == 0) {
      throw new OutOfMemoryError(
          "no memory outside the heap for another slab; open blobs hold all "
              + pool.memoryBytes()
              + " bytes of slabs: close them, or raise -XX:MaxDirectMemorySize");
    }
    boolean interrupted = Thread.interrupted();
    try {
      long left = MOMENT_NANOS;
      while (left > 0 && !residents.hasMemory()) {
        left = progress.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Waits until something holds, as long as there is hope.
   *
   * @param hope throws when there is none
   * @throws StoreFullException if the disk is full
   * @throws ResourceExhaustedException if something else lacks
   */
  @GuardedBy("lock")
  private void awaitFlusher(BooleanSupplier holds, Runnable hope) {
    hope.run();
    long asked = attempts.begun();
    requestFlush.run();
    while (!holds.getAsBoolean()) {
      hope.run();
      attempts.checkSince(asked);
      if (latch.isMemoryOnly()) {
        requestFlush.run(); // which drops what was not flushed, and did not before the failure
      }
      if (!holds.getAsBoolean()) {
        progress.awaitUninterruptibly();
      }
    }
  }

  private void checkTakesMore() {
    checkOpen();
    latch.checkWritable();
  }

  private void checkOpen() {
    if (closed) {
      throw new StoreClosedException("the store is closed");
    }
  }

  // ---- the flusher's side ----

  /** Notes that the flusher looks for sealed slabs. */
  void beginFlush() {
    attempts.begin();
  }

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
      residents.add(slab, mapped); // first, as there may be no memory for it
      sealed.remove(slab);
      attempts.succeeded();
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The sealed slab to be dropped next, by a store that goes on in memory alone; null when nobody
   * needs its memory.
   */
  @Nullable ActiveSlab oldestToDrop() {
    lock.lock();
    try {
      return wanting > 0 && !residents.hasMemory() ? sealed.peek() : null;
    } finally {
      lock.unlock();
    }
  }

  /** Notes that nothing leads to the oldest sealed slab any more and that it gets no file. */
  void dropped(ActiveSlab slab) {
    lock.lock();
    try {
      segments.remove(slab.segment()); // first, as there may be no memory for it
      sealed.remove(slab);
      pool.retire(slab.slab());
      attempts.succeeded();
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that something lacked to flush the oldest sealed slab, which stays as it is. */
  void foundLack(IOException lack) {
    attempts.foundLack(lack);
    wake();
  }

  /** Wakes who waits, to look again: the store has failed, or there is memory. */
  void wake() {
    lock.lock();
    try {
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Sees to it that the next rotation finds clean memory. */
  void prepareMemory() {
    residents.prepareMemory();
    pool.clean();
    wake(); // who looked while that was being zeroed found none
  }

  // ---- sync, close, figures ----

  /**
   * Puts everything that was written before on disk, as segments.
   *
   * @throws StoreFullException if the disk is full
   * @throws ResourceExhaustedException if something else lacks
   */
  @SuppressWarnings("GuardedBy") // the condition is evaluated under the lock
  void flushAll() {
    lock.lock();
    try {
      checkOpen();
      latch.check();
      ActiveSlab last = active;
      if (!last.slab().isEmpty()) {
        seal(last); // the next writer opens another
      }
      awaitFlusher(
          () -> sealed.stream().noneMatch(slab -> slab.slab().id() <= last.slab().id()),
          latch::check);
      latch.check(); // they may have been dropped
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has everything flushed that is not on disk, and returns at once. A slab that never had a record
   * is sealed as well, for the next writer to open another. Does nothing after a failure.
   *
   * @return whether something is not on disk yet
   */
  boolean requestFlushOfAll() {
    lock.lock();
    try {
      if (closed || latch.isSet()) {
        return false;
      }
      ActiveSlab last = active;
      if (!last.slab().isEmpty()) {
        seal(last);
      } else if (last.slab().sealIfIdle()) {
        sealed.add(last);
      }
      if (!sealed.isEmpty()) {
        requestFlush.run();
      }
      return !sealed.isEmpty() || !last.slab().isSealed();
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
      progress.signalAll(); // who waits for memory is told
      seal(active);
      latch.check();
      awaitFlusher(sealed::isEmpty, latch::check);
      latch.check(); // as above
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets go of all slabs, after {@link #close}, when nobody waits for the disk any more. Writers
   * that are copying are waited for: after a failure they may be in a slab that is not on disk.
   */
  void release() {
    try {
      for (ActiveSlab slab : unflushed()) {
        slab.slab().seal();
        while (!slab.slab().isSettled()) {
          LockSupport.parkNanos(this, COPYING_NANOS);
        }
        pool.retire(slab.slab());
      }
    } finally {
      residents.letGo(segment -> true); // the mappings are retired with the segments
    }
  }

  private List<ActiveSlab> unflushed() {
    lock.lock();
    try {
      List<ActiveSlab> slabs = new ArrayList<>(sealed);
      if (!slabs.contains(active) && !active.slab().isSealed()) {
        slabs.add(active);
      }
      return slabs;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of memory that slabs take. */
  long memoryBytes() {
    return pool.memoryBytes();
  }
}
