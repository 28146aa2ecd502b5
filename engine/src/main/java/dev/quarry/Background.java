package dev.quarry;

import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.MappedSegment;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * What a store does beside its callers, on one thread: flushes sealed slabs, and after each sweeps
 * tombstones, grows the bloom filter, and takes the new segment's keys into the key index.
 *
 * <p>Whatever fails here, but for a full disk, latches.
 */
final class Background {

  private final ExecutorService executor;
  private final Memtable memtable;
  private final Flusher flusher;
  private final TombstoneSweeper sweeper;
  private final KeyDirectory directory;
  private final KeyOrder keyOrder;
  private final FailureLatch latch;
  private final Counters counters;

  Background(
      ExecutorService executor,
      Memtable memtable,
      Flusher flusher,
      KeyDirectory directory,
      KeyOrder keyOrder,
      FailureLatch latch,
      Counters counters) {
    this.executor = executor;
    this.memtable = memtable;
    this.flusher = flusher;
    this.sweeper = new TombstoneSweeper(directory);
    this.directory = directory;
    this.keyOrder = keyOrder;
    this.latch = latch;
    this.counters = counters;
  }

  /** Has everything sealed flushed, some time soon. */
  void requestFlush() {
    executor.execute(this::flushSealed);
  }

  private void flushSealed() {
    try {
      ActiveSlab sealed = memtable.oldestSealed();
      while (sealed != null && !latch.isSet()) {
        flush(sealed);
        sealed = memtable.oldestSealed();
      }
    } catch (DiskFullException e) {
      memtable.foundFull(e);
    } catch (Throwable e) {
      latch.fail(e);
      memtable.failed();
      if (e instanceof Error error) {
        throw error;
      }
    }
  }

  private void flush(ActiveSlab sealed) throws IOException {
    MappedSegment mapped = flusher.flush(sealed);
    sweeper.add(sealed.slab());
    if (mapped == null) {
      memtable.dropped(sealed);
    } else {
      counters.flushes.increment();
      memtable.flushed(sealed, mapped);
    }
    memtable.prepareMemory();
    sweeper.sweep();
    directory.rebuildBloomIfNeeded();
    keyOrder.takeIn(sealed.segment());
  }

  /** Has a segment's keys taken into the key index, some time soon. */
  void requestIndexing(Segment segment) {
    executor.execute(() -> keyOrder.takeIn(segment));
  }

  /** Ends the thread, after what was requested; waits for it. */
  void close() {
    executor.shutdown();
    boolean interrupted = false;
    for (boolean ended = false; !ended; ) {
      try {
        ended = executor.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
