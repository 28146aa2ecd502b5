package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.index.sieve.Sieve;
import dev.quarry.segment.Lack;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what is live of a cache within its capacity: {@link Sieve} over the log. Used by one thread
 * at a time.
 */
final class Eviction {

  /** The low-water mark lies below the capacity by this part of it. */
  private static final int LOW_WATER_PART = 256;

  private final KeyDirectory directory;
  private final SegmentQueue queue;
  private final EvictionLog log;
  private final Counters counters;
  private final Sieve sieve;
  private final long capacity;

  /**
   * @param memtable takes the log of what is evicted
   * @param ghost remembers it; null if nothing is to
   * @param observer told of what is evicted
   * @param hand where the hand was when the store was last open; 0 for the tail
   */
  Eviction(
      SegmentTable segments,
      KeyDirectory directory,
      Memtable memtable,
      @Nullable Ghost ghost,
      Counters counters,
      BlobStoreOptions options,
      EvictionObserver observer,
      long hand) {
    this.directory = directory;
    this.capacity = options.capacityBytes();
    this.log = new EvictionLog(memtable, ghost, observer);
    this.queue =
        new SegmentQueue(segments, directory, log, counters, capacity, options.graceZone(), hand);
    this.counters = counters;
    this.sieve = new Sieve(queue);
    if (ghost != null) {
      directory.remember(ghost);
    }
  }

  /** Evicts down to the low-water mark if the capacity is exceeded; returns whether it did. */
  boolean evictToLowWater() {
    return directory.liveBytes() > capacity && evictTo(capacity - capacity / LOW_WATER_PART);
  }

  /** Evicts so many bytes of records, or more; returns whether there were any to evict. */
  boolean evict(long bytes) {
    return evictTo(Math.max(0, directory.liveBytes() - bytes));
  }

  private boolean evictTo(long liveBytes) {
    long before = counters.evictions.sum();
    queue.begin();
    try {
      sieve.evictWhile(() -> directory.liveBytes() > liveBytes);
    } finally {
      queue.end();
    }
    return counters.evictions.sum() > before;
  }

  /** Evicts all that is live of a segment, read or not. */
  void evictAll(Segment segment) {
    Replaced replaced = new Replaced();
    SegmentBytes bytes = segment.pin();
    if (bytes == null) {
      return;
    }
    try {
      segment.forEachEntry(
          bytes,
          directory.hasher(),
          (low, high, offset, length, sequence, kind) -> {
            log.prepare();
            if (kind == RecordFormat.PUT
                && directory.forgetPut(
                    low, high, Location.pack(segment.id(), offset, false), replaced)) {
              log.add(low, high, length, sequence);
              counters.evictions.increment();
              counters.bytesEvicted.add(length);
            }
          });
    } catch (InternalError e) {
      Lack.rethrow(e);
      segment.setDamaged(); // the file was cut short
    } finally {
      bytes.unpin();
    }
  }

  /** Writes what was evicted to the log, as far as there is room; returns whether that is all. */
  boolean log() {
    return log.write();
  }

  /** Where the hand is. */
  long hand() {
    return queue.hand();
  }
}
