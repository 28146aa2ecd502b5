package dev.quarry;

import dev.quarry.index.keys.KeyIndex;
import dev.quarry.index.keys.KeyIndexDamagedException;
import dev.quarry.index.keys.KeyIndexUnavailableException;
import dev.quarry.index.keys.MemoryKeyIndex;
import dev.quarry.index.keys.OrderedKeys;
import dev.quarry.index.keys.PackedKeys;
import dev.quarry.index.keys.SegmentKeys;
import dev.quarry.segment.StoreLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two key indexes of a store: RocksDB's on disk, and one in memory for the segments that the
 * first cannot take in. So keys are listed in order whether or not RocksDB can be used. The first
 * reason why it cannot is kept, and is logged once.
 *
 * <ul>
 *   <li>It cannot be opened or read: all keys are ordered in memory until the store is opened
 *       again. Its files stay.
 *   <li>It cannot take in a segment, as its disk is full: the segment's keys stay in memory until
 *       the store is opened again, and for some seconds RocksDB is not asked again.
 *   <li>It is proven damaged: it is emptied, and to be filled anew.
 * </ul>
 *
 * <p>Guarded by the lock of {@link KeyOrder}, but for {@link #memoryBytes} and {@link #close}.
 */
final class KeyCover {

  private static final Logger LOG = LoggerFactory.getLogger(KeyCover.class);

  private static final int MOST_REPLACEMENTS = 3;
  private static final long PAUSE_NANOS = 10_000_000_000L;

  private final Path path;
  private final LongPredicate mayStayCovered;
  private final MemoryKeyIndex memory;
  private final StoreLock storeLock;

  private volatile @Nullable KeyIndex disk;
  private volatile boolean opened;
  private volatile boolean closed;

  private int replacements;
  private final AtomicInteger losses = new AtomicInteger();
  private @Nullable String firstReason;

  /** Whether, and since when, nothing has been put into the index on disk, as that failed. */
  private boolean pausing;

  private long pausingSince;

  /**
   * @param path of the key index on disk
   * @param mayStayCovered which segments it may still cover when it is opened
   * @param isKnown whether a key may have a value
   * @param storeLock which is held by who changes the index on disk
   */
  KeyCover(
      Path path, LongPredicate mayStayCovered, Predicate<byte[]> isKnown, StoreLock storeLock) {
    this.storeLock = storeLock;
    this.path = path;
    this.mayStayCovered = mayStayCovered;
    this.memory = new MemoryKeyIndex(isKnown);
  }

  /** Whether ordered keys have been asked for. */
  boolean isOpen() {
    return opened;
  }

  /** Opens the key index on disk, the first time. */
  void open() {
    if (!opened) {
      if (isLocked()) {
        openDisk();
      }
      opened = true; // not if memory ran out
      if (closed) {
        closeDisk();
      }
    }
  }

  private void openDisk() {
    try {
      KeyIndex index = KeyIndex.open(path);
      disk = index;
      index.retain(mayStayCovered);
    } catch (KeyIndexDamagedException | KeyIndexUnavailableException e) {
      mend(e);
    } catch (Error e) {
      closeDisk(); // it may cover what it should not
      throw e;
    }
  }

  /** How often the index on disk was lost, with all that it covered. */
  int losses() {
    return losses.get();
  }

  /** Whether all keys of a segment are in one of the indexes. */
  boolean covers(int segmentId, long fingerprint) {
    KeyIndex index = disk;
    return memory.covers(segmentId, fingerprint)
        || (index != null && index.covers(segmentId, fingerprint));
  }

  /**
   * Takes in the keys of a segment.
   *
   * @throws ResourceExhaustedException if they are to be kept in memory and there is too little
   * @throws KeyIndexDamagedException if the index on disk is damaged; see {@link #mend}
   */
  void add(int segmentId, long fingerprint, SegmentKeys keys) {
    KeyIndex index = changeable();
    if (index != null && !isPausing()) {
      try {
        index.add(segmentId, fingerprint, keys);
        return;
      } catch (KeyIndexUnavailableException e) {
        tell(e);
        pausing = true;
        pausingSince = System.nanoTime();
      }
    }
    try {
      memory.add(segmentId, fingerprint, keys);
    } catch (OutOfMemoryError e) {
      throw new ResourceExhaustedException(
          "the heap is too small to order keys in memory, which is done because " + firstReason, e);
    }
  }

  private boolean isPausing() {
    pausing = pausing && System.nanoTime() - pausingSince < PAUSE_NANOS;
    return pausing;
  }

  /**
   * Lets go of a segment and of keys.
   *
   * @throws KeyIndexDamagedException if the index on disk is damaged; see {@link #mend}
   * @throws KeyIndexUnavailableException if it cannot be written to; it keeps the keys
   */
  void remove(int segmentId, SegmentKeys keys) {
    memory.remove(segmentId, keys);
    KeyIndex index = changeable();
    if (index != null) {
      index.remove(segmentId, keys);
    }
  }

  /** The keys of a range that the index on disk has; null when it is not in use. */
  @Nullable OrderedKeys onDisk(KeyRange range) {
    KeyIndex index = disk;
    return index == null ? null : index.iterate(range.from(), range.to());
  }

  /** The keys that are in memory. */
  List<PackedKeys> inMemory() {
    return memory.runs().runs();
  }

  /**
   * Empties the index on disk, as it is damaged, or gives it up, as it cannot be read. Segments
   * that it covered may be uncovered afterwards.
   */
  void mend(RuntimeException failure) {
    tell(failure);
    KeyIndex index = changeable();
    if (index != null
        && failure instanceof KeyIndexDamagedException
        && replacements < MOST_REPLACEMENTS) {
      try {
        replacements += index.replaceDamaged() ? 1 : 0;
        return;
      } catch (KeyIndexUnavailableException e) {
        tell(e);
      }
    }
    closeDisk();
  }

  /** The index on disk; null when it is not in use, or belongs to another process by now. */
  private @Nullable KeyIndex changeable() {
    KeyIndex index = disk;
    if (index != null && !isLocked()) {
      disk = null;
      losses.incrementAndGet();
      index.abandon();
      return null;
    }
    return index;
  }

  private boolean isLocked() {
    try {
      storeLock.check();
      return true;
    } catch (IOException e) {
      tell(e);
      return false;
    }
  }

  private void tell(Exception reason) {
    if (firstReason == null) {
      firstReason = reason.getMessage();
      LOG.warn("{}; keys that RocksDB does not hold are ordered in memory", firstReason);
    }
  }

  /** Bytes of memory that both indexes take, an estimate. */
  long memoryBytes() {
    KeyIndex index = disk;
    return memory.memoryBytes() + (index == null ? 0 : index.memoryBytes());
  }

  /** Closes both, and their cursors; a filling that is under way gives up. */
  void close() {
    closed = true;
    memory.close();
    closeDisk();
  }

  private void closeDisk() {
    KeyIndex index = changeable();
    if (index != null) {
      disk = null;
      losses.incrementAndGet();
      index.close();
    }
  }
}
