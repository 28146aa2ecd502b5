package dev.quarry;

import dev.quarry.index.sieve.Ghost;
import dev.quarry.segment.Batch;
import dev.quarry.segment.Slab;
import java.nio.ByteBuffer;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What was evicted and is not yet in the log. It goes there in batches, as there is room in the
 * active slab; nobody waits for it. Until a batch is on disk a crash undoes its evictions, as far
 * as the records are still there.
 *
 * <p>Used by one thread at a time.
 */
final class EvictionLog {

  private static final int LONGS = 4;
  private static final int MOST_BATCH_ENTRIES = 512;

  private final Memtable memtable;
  private final @Nullable Ghost ghost;
  private final EvictionObserver observer;
  private final LongArrayList pending = new LongArrayList();

  EvictionLog(Memtable memtable, @Nullable Ghost ghost, EvictionObserver observer) {
    this.memtable = memtable;
    this.ghost = ghost;
    this.observer = observer;
  }

  /**
   * Makes room for another record, which {@link #add} is about to note.
   *
   * @throws OutOfMemoryError if there is no memory for it
   */
  void prepare() {
    pending.ensureCapacity(pending.size() + LONGS);
  }

  /** Takes note of an evicted record, after {@link #prepare}. */
  void add(long low, long high, long length, long sequence) {
    pending.addLong(low);
    pending.addLong(high);
    pending.addLong(length);
    pending.addLong(sequence);
    if (ghost != null) {
      ghost.add(low, high, length);
    }
    observer.evicted(low, high);
  }

  /**
   * Writes what there is room for in the active slab, the oldest first.
   *
   * @return whether that is all
   */
  boolean write() {
    int entries = pending.size() / LONGS;
    int written = 0;
    while (written < entries) {
      int batch = Math.min(entries - written, MOST_BATCH_ENTRIES);
      while (batch > 0 && !write(written, batch)) {
        batch /= 2;
      }
      if (batch == 0) {
        break; // the next slab has room
      }
      written += batch;
    }
    removeFirst(written);
    return pending.isEmpty();
  }

  private boolean write(int from, int entries) {
    ByteBuffer batch = Batch.allocate(entries); // before a place is taken, which would stay empty
    for (int i = from * LONGS; i < (from + entries) * LONGS; i += LONGS) {
      Batch.putEvicted(
          batch,
          pending.getLong(i),
          pending.getLong(i + 1),
          pending.getLong(i + 2),
          pending.getLong(i + 3));
    }
    Slab slab = memtable.active().slab();
    Slab.prepareThread();
    long ticket = slab.reserveBatch(entries);
    if (ticket == Slab.FULL) {
      return false;
    }
    try {
      slab.writeBatch(ticket, batch.flip());
    } catch (OutOfMemoryError e) {
      slab.abandon(ticket, Batch.recordLength(entries));
      throw e;
    } finally {
      slab.settleBatch(entries);
    }
    return true;
  }

  private void removeFirst(int entries) {
    int longs = entries * LONGS;
    int left = pending.size() - longs;
    for (int i = 0; i < left; i++) {
      pending.setLong(i, pending.getLong(longs + i));
    }
    for (int i = 0; i < longs; i++) {
      pending.removeAt(pending.size() - 1);
    }
  }
}
