package dev.quarry;

import dev.quarry.CompactionPicker.Choice;
import dev.quarry.Compactor.Outcome;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.Lack;
import dev.quarry.segment.SteadfastLock;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the store within its space: evicts, compacts, deletes files, and writes checkpoints. All of
 * it is done in <em>passes</em>, one at a time: on a thread of its own whenever something has
 * changed that may call for one, and by writers of a cache that find no room.
 *
 * <p>A pass
 *
 * <ol>
 *   <li>deletes the files of buried segments that no reader holds on to any more;
 *   <li>in a cache, evicts down to the low-water mark if more is live than there is capacity for;
 *   <li>drops segments of which nothing is live, and makes one of many tiny ones;
 *   <li>compacts for as long as there is too much garbage: in a durable store by its share, in a
 *       cache when there is no room for another slab. Where a cache finds no segment sparse enough,
 *       it evicts more;
 *   <li>logs what was evicted, and writes a checkpoint if one is due.
 * </ol>
 *
 * <p>A pass that something lacks for ends there, and the next one begins anew. Writers that need
 * its result are refused.
 *
 * <p>Lock order: a pass takes the memtable's lock for moments; nobody waits for a pass with that
 * lock held.
 */
final class Space {

  private static final Logger LOG = LoggerFactory.getLogger(Space.class);

  // constant
  private final BlobStoreOptions options;
  private final SegmentTable segments;
  private final Memtable memtable;
  private final TombstoneSweeper sweeper;
  private final Graveyard graveyard;
  private final Compactor compactor;
  private final CompactionPicker picker;
  private final SpaceDemand demand;
  private final @Nullable Eviction eviction;
  private final Checkpointer checkpointer;
  private final Reserve reserve;
  private final KeyDirectory directory;
  private final FailureLatch latch;
  private final Counters counters;
  private final Executor executor;

  // self-synchronised
  private final AtomicBoolean requested = new AtomicBoolean();
  private volatile String idle = "";
  private volatile boolean closed;
  private final CurrentLack lack = new CurrentLack("reclaiming space");

  /** Held during a pass. */
  private final ReentrantLock lock = new SteadfastLock();

  /** Whether the pass has found a crowd that was not worth it. Guarded by the lock. */
  private boolean crowdsAreBarren;

  /** Whether the pass has reclaimed anything. Guarded by the lock. */
  private boolean progress;

  /** How many choices in a row were not worth a compaction. Guarded by the lock. */
  private int barren;

  /** How many slabs had come to disk at the last pass. Guarded by the lock. */
  private long flushesSeen;

  /**
   * @param eviction null in a durable store
   * @param executor runs the passes that nobody waits for
   */
  Space(
      BlobStoreOptions options,
      SegmentTable segments,
      Memtable memtable,
      TombstoneSweeper sweeper,
      Graveyard graveyard,
      Compactor compactor,
      @Nullable Eviction eviction,
      Checkpointer checkpointer,
      Reserve reserve,
      KeyDirectory directory,
      FailureLatch latch,
      Counters counters,
      Executor executor) {
    this.options = options;
    this.segments = segments;
    this.memtable = memtable;
    this.sweeper = sweeper;
    this.graveyard = graveyard;
    this.compactor = compactor;
    this.picker = new CompactionPicker(options);
    this.demand = new SpaceDemand(options, memtable.bound());
    this.eviction = eviction;
    this.checkpointer = checkpointer;
    this.reserve = reserve;
    this.directory = directory;
    this.latch = latch;
    this.counters = counters;
    this.executor = executor;
  }

  /** Sees what there is to do, and has it done. */
  void start() {
    String enough = demand.whyMet(segments.inQueueOrder(), 0);
    idle = enough == null ? "the first pass is about to begin" : enough;
    request();
  }

  /** Has a pass made some time soon, if there is memory to ask for it. */
  void request() {
    if (requested.compareAndSet(false, true)) {
      try {
        executor.execute(this::requestedPass);
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        requested.set(false); // the store is being closed, or the next request is heard
      }
    }
  }

  private void requestedPass() {
    requested.set(false);
    if (lock.isHeldByCurrentThread()) {
      return; // the pass that asks looks again by itself
    }
    try {
      pass(0);
    } catch (BlobStoreException | OutOfMemoryError e) {
      // it is latched, or noted
    }
  }

  /** Why the last pass reclaimed nothing more, in words. */
  String idleReason() {
    return idle;
  }

  /** What keeps space from being reclaimed, in words; null if nothing does. */
  @Nullable String lack() {
    return lack.words();
  }

  /** Makes no more passes. */
  void stop() {
    closed = true;
    compactor.hurry();
  }

  /** Whether {@link #stop} was called. */
  boolean isStopped() {
    return closed;
  }

  /** Waits for the pass that may be under way after {@link #stop}. */
  void awaitPass() {
    lock.lock();
    try {
      idle = "the store is closed";
    } finally {
      lock.unlock();
    }
  }

  /**
   * Deletes what can be, and writes a last checkpoint, when everything is flushed and no more is to
   * come.
   */
  void finish() {
    try {
      locked(this::finishLocked);
    } catch (IOException | RuntimeException | Error e) {
      if (!Lack.is(e)) {
        throw failed(e);
      }
      LOG.warn("the next opening takes longer, as no checkpoint was written: {}", e.getMessage());
    }
  }

  private StoreFailedException failed(Throwable e) {
    StoreFailedException failure = latch.fail(e);
    if (e instanceof Error error) {
      throw error;
    }
    return failure;
  }

  private boolean finishLocked() throws IOException {
    if (!latch.isSet()) {
      sweeper.sweep();
      compactor.tidy();
      graveyard.clear();
      checkpointer.write();
    }
    return true;
  }

  /** Logs all that was evicted, before the last slab is sealed, unless there is no room for it. */
  void logEvictions() {
    try {
      for (ActiveSlab active = memtable.active(); !areEvictionsLogged(); ) {
        if (latch.isSet() || !memtable.tryRotate(active)) {
          return;
        }
        active = memtable.active();
      }
    } catch (StoreFullException | ResourceExhaustedException | OutOfMemoryError e) {
      // who flushes the last slab is told
    }
  }

  private boolean areEvictionsLogged() {
    lock.lock();
    try {
      return eviction == null || eviction.log();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes room on the disk of a cache, which has less than the cache may take: the oldest segments
   * go with all they hold.
   *
   * @return whether a file was deleted
   */
  boolean makeRoomOnDisk() throws IOException {
    return eviction != null && locked(this::sacrificeOldest);
  }

  private boolean sacrificeOldest() throws IOException {
    clearGraveyard();
    for (Segment segment : segments.inQueueOrder()) {
      memtable.residents().letGo(segment::equals);
      if (segment.isCompactable() && segment.isMapped() && !segment.isPinned()) {
        boolean live = segment.liveBytes() > 0;
        boolean gone = sacrifice(segment);
        if (gone || live) {
          return gone; // one that was evicted for nothing is enough
        }
      }
    }
    return false;
  }

  private boolean sacrifice(Segment segment) throws IOException {
    Objects.requireNonNull(eviction).evictAll(segment);
    try {
      if (compactor.compact(List.of(segment), 0, false) == Outcome.NOTHING) {
        return false;
      }
    } catch (DiskFullException e) {
      return false; // it leaves shadows, for which there is no room
    }
    return clearGraveyard();
  }

  // ---- a pass ----

  /**
   * Makes a pass.
   *
   * @param wanted bytes of disk that a cache is to have free
   * @return whether anything was reclaimed, or so much is free in a cache
   * @throws StoreFullException if a lack of space ended it
   * @throws ResourceExhaustedException if another lack did
   */
  boolean pass(long wanted) {
    try {
      boolean reclaimed = locked(() -> !closed && !latch.isSet() && passLocked(wanted));
      lack.end();
      return reclaimed;
    } catch (IOException | RuntimeException | Error e) {
      if (!Lack.is(e)) {
        throw failed(e);
      }
      lack.begin(e);
      throw Refusal.of(e);
    }
  }

  /** Something that is done with the lock held. */
  @FunctionalInterface
  private interface Step {
    boolean run() throws IOException;
  }

  /** Takes a step with the lock held. An interrupt is put off until it is over. */
  private boolean locked(Step step) throws IOException {
    boolean interrupted = Thread.interrupted();
    lock.lock();
    try {
      for (; ; ) {
        try {
          return step.run();
        } catch (DiskInterruptedException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean passLocked(long wanted) throws IOException {
    barren = 0;
    crowdsAreBarren = false;
    compactor.tidy();
    sweeper.sweep();
    if (flushesSeen != counters.flushes.sum()) {
      flushesSeen = counters.flushes.sum();
      filesChanged();
    }
    progress = clearGraveyard();
    if (eviction != null) {
      progress |= eviction.evictToLowWater();
    }
    try {
      while (!closed && reclaim(wanted)) {}
    } catch (DiskFullException e) {
      idle = "the disk is too full to compact: " + e.getMessage();
      progress |= wanted > 0 && isWanting(wanted) && sacrificeOldest();
    }
    if (eviction != null) {
      eviction.log();
    }
    directory.rebuildBloomIfNeeded();
    writeCheckpointIfDue();
    return progress || (eviction != null && !isWanting(wanted));
  }

  private boolean isWanting(long wanted) {
    return demand.whyMet(segments.inQueueOrder(), wanted) == null;
  }

  /** Files come or go, so that what compaction kept may be garbage by now. */
  private void filesChanged() {
    segments.all().forEach(Segment::filesChanged);
  }

  /** Deletes buried files; returns whether there were any to delete. */
  private boolean clearGraveyard() throws IOException {
    boolean cleared = graveyard.clear();
    if (cleared) {
      filesChanged();
    }
    return cleared;
  }

  private void writeCheckpointIfDue() throws IOException {
    try {
      checkpointer.writeIfDue();
    } catch (DiskFullException e) {
      // the present one stays; the next opening reads more footers
    }
  }

  /** Takes one step; returns whether there may be another. */
  private boolean reclaim(long wanted) throws IOException {
    memtable.residents().letGo(picker::isSparse);
    List<Segment> queue = segments.inQueueOrder();
    Choice dead = picker.dead(queue);
    if (!dead.isNothing()) {
      Segment segment = dead.inputs().get(0);
      return compact(dead, 0, picker.isNewest(segment, queue) && !memtable.isLogBegun());
    }
    Choice crowded = picker.crowded(queue);
    if (!crowded.isNothing() && !crowdsAreBarren) {
      int before = barren;
      boolean again = compact(crowded, 0, false);
      crowdsAreBarren = barren > before;
      return again;
    }
    String enough = demand.whyMet(queue, wanted);
    if (enough != null) {
      idle = enough;
      return false;
    }
    Choice sparse = picker.sparse(queue);
    if (!sparse.isNothing()) {
      return compact(sparse, CompactionPicker.LEAST_GARBAGE, false);
    }
    idle = sparse.reason();
    boolean evicted = eviction != null && eviction.evict(options.segmentBytes());
    progress |= evicted;
    return evicted;
  }

  /**
   * A choice that turns out not to be worth it, or damaged, is noted and not made again.
   *
   * @param last whether only the inputs say which sequence numbers are used up
   */
  private boolean compact(Choice choice, double leastGain, boolean last) throws IOException {
    Outcome outcome =
        reserve.withReserve(() -> compactor.compact(choice.inputs(), leastGain, last));
    if (outcome == Outcome.NOTHING) {
      barren++;
    } else {
      barren = 0;
      progress = true;
      graveyard.clear();
      reserve.requestRestore();
    }
    if (outcome == Outcome.RECLAIMED) {
      filesChanged();
    }
    return barren <= segments.all().size();
  }
}
