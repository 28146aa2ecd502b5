package dev.quarry;

import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.Lack;
import dev.quarry.segment.MappedSegment;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a store does beside its callers, on one thread: flushes sealed slabs, and after each sweeps
 * tombstones and takes the new segment's keys into the key index. What concerns space has a thread
 * of its own, so that flushing never waits for it.
 *
 * <p>Work that meets a lack stops, tells the writers that wait for it, and is retried when a writer
 * asks or another slab is sealed. Any other failure latches.
 */
final class Background {

  private static final long PAUSE_NANOS = 1_000_000;

  private final ExecutorService executor;
  private final Memtable memtable;
  private final Flusher flusher;
  private final SlabDropper dropper;
  private final TombstoneSweeper sweeper;
  private final KeyOrder keyOrder;
  private final Space space;
  private final Checkpointer checkpointer;
  private final FailureLatch latch;
  private final Counters counters;
  private final CurrentLack lack = new CurrentLack("flushing");

  /** The slab whose tombstones the sweeper was told of last. */
  private @Nullable ActiveSlab noted;

  Background(
      ExecutorService executor,
      Memtable memtable,
      Flusher flusher,
      SlabDropper dropper,
      TombstoneSweeper sweeper,
      KeyOrder keyOrder,
      Space space,
      Checkpointer checkpointer,
      FailureLatch latch,
      Counters counters) {
    this.executor = executor;
    this.memtable = memtable;
    this.flusher = flusher;
    this.dropper = dropper;
    this.sweeper = sweeper;
    this.keyOrder = keyOrder;
    this.space = space;
    this.checkpointer = checkpointer;
    this.latch = latch;
    this.counters = counters;
  }

  /** Has everything sealed flushed, some time soon; or dropped, if the store is in memory alone. */
  void requestFlush() {
    executor.execute(this::flushSealed);
  }

  private void flushSealed() {
    try {
      memtable.beginFlush();
      ActiveSlab sealed = memtable.oldestSealed();
      while (sealed != null && !latch.isSet()) {
        flush(sealed);
        sealed = memtable.oldestSealed();
      }
      if (latch.isSet()) {
        memtable.wake(); // who has just begun to wait, and was not told of the failure
      }
      if (latch.isMemoryOnly()) {
        dropper.dropWanted();
      }
    } catch (Throwable e) {
      putOff(e);
    }
  }

  private void putOff(Throwable thrown) {
    IOException lacking = Lack.of(thrown);
    if (lacking != null) {
      memtable.foundLack(lacking);
      lack.begin(lacking);
      return;
    }
    fail(thrown);
  }

  private void fail(Throwable e) {
    try {
      latch.fail(e);
    } finally {
      memtable.wake(); // the latch tells of the first failure only, and not if memory runs out
    }
    if (e instanceof Error error) {
      throw error;
    }
  }

  /** What keeps slabs from being flushed, in words; null if nothing does. */
  @Nullable String lack() {
    return lack.words();
  }

  /** May be repeated if it fails: each step is taken once, or leaves what it left before. */
  private void flush(ActiveSlab sealed) throws IOException {
    MappedSegment mapped = write(sealed);
    if (noted != sealed) {
      sweeper.add(sealed.slab(), sealed.segment());
      noted = sealed;
    }
    if (mapped == null) {
      memtable.dropped(sealed);
      flusher.done();
    } else {
      counters.flushes.increment(); // before a sync that waits for this returns
      memtable.flushed(sealed, mapped);
      flusher.done();
      checkpointer.changed(Objects.requireNonNull(sealed.segment().trailer()).entries());
    }
    lack.end();
    memtable.prepareMemory();
    sweeper.sweep();
    space.request();
  }

  /** A cache that finds less disk than it may take lets go of the oldest it has. */
  private @Nullable MappedSegment write(ActiveSlab sealed) throws IOException {
    for (; ; ) {
      try {
        return flusher.flush(sealed);
      } catch (DiskFullException e) {
        if (!space.makeRoomOnDisk()) {
          throw e;
        }
      } catch (DiskInterruptedException e) {
        // what it did is unknown, and is done again; the thread's status disturbs no call any more
      }
    }
  }

  /** Has a segment's keys taken into the key index, some time soon; else a listing does it. */
  void requestIndexing(Segment segment) {
    try {
      executor.execute(() -> keyOrder.takeIn(segment));
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // the store is being closed, or there is no memory: the segment is as good without it
    }
  }

  /** Ends the thread, after what was requested; waits for it. */
  void close() {
    end(executor);
  }

  /** Ends an executor, after what was requested; waits for it. */
  static void end(ExecutorService executor) {
    executor.shutdown();
    boolean interrupted = false;
    for (boolean ended = false; !ended; ) {
      try {
        ended = executor.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(PAUSE_NANOS); // there is none to wait with
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
