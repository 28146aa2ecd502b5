package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes room in the memory of a cache that has failed and goes on without its disk: drops sealed
 * slabs, the oldest first, when writers need their memory. The keys whose newest records were in a
 * slab have no value afterwards, whatever older ones are on disk.
 *
 * <p>Runs on the store's background thread alone, as the flusher does: so no slab is dropped that
 * is being flushed.
 */
final class SlabDropper {

  private static final long PARK_NANOS = 20_000;

  private final Memtable memtable;
  private final TombstoneSweeper sweeper;
  private final KeyDirectory directory;

  SlabDropper(Memtable memtable, TombstoneSweeper sweeper, KeyDirectory directory) {
    this.memtable = memtable;
    this.sweeper = sweeper;
    this.directory = directory;
  }

  /** Drops slabs until no writer waits for memory. */
  void dropWanted() {
    for (ActiveSlab oldest = memtable.oldestToDrop();
        oldest != null;
        oldest = memtable.oldestToDrop()) {
      drop(oldest);
    }
  }

  /**
   * Nothing may lead to the slab when it goes, and nothing more be published to it. Its tombstones
   * are needed for as long as older records can still be published.
   */
  private void drop(ActiveSlab oldest) {
    Slab slab = oldest.slab();
    while (!slab.isSettled()) {
      LockSupport.parkNanos(this, PARK_NANOS); // a writer is copying, or a large value on its way
    }
    sweeper.add(slab, oldest.segment());
    sweeper.sweep();
    while (!oldest.segment().isSettled()) {
      LockSupport.parkNanos(this, PARK_NANOS); // the same, for an earlier slab that is on disk
      sweeper.sweep();
    }
    forgetPuts(slab);
    memtable.dropped(oldest);
    memtable.prepareMemory();
    directory.rebuildBloomIfNeeded();
  }

  private void forgetPuts(Slab slab) {
    long[] hash = new long[2];
    Replaced forgotten = new Replaced();
    slab.forEachRecord(
        slab.end(),
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.PUT) {
            directory.hasher().hash(key, hash);
            long location = Location.pack((int) slab.id(), offset, false);
            directory.forgetPut(hash[0], hash[1], location, forgotten);
          }
        });
  }
}
