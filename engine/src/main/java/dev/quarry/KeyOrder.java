package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.index.keys.KeyIndex;
import dev.quarry.index.keys.KeyIndexDamagedException;
import dev.quarry.index.keys.KeySink;
import dev.quarry.index.keys.OrderedKeys;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Trailer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys in byte order. Those of segments on disk come from the key index, which is opened, and
 * filled with all it lacks, when ordered keys are first asked for; those of slabs are sorted on the
 * spot.
 *
 * <p>Both give more keys than are live; {@link KeyCursor} asks about each. The key index is never
 * the truth: whenever it is found damaged, it is emptied and filled anew.
 *
 * <p>Safe for use by any number of threads.
 */
final class KeyOrder {

  private static final Logger LOG = LoggerFactory.getLogger(KeyOrder.class);
  private static final long PARK_NANOS = 20_000;

  private static final int MOST_REPAIRS = 3;

  private final Path path;
  private final boolean durable;
  private final SegmentTable segments;
  private final KeyDirectory directory;
  private final ReentrantLock lock = new ReentrantLock();

  /** Written under the lock; null until ordered keys are asked for, and after close. */
  private volatile @Nullable KeyIndex index;

  /** Whether the index has forgotten the segments that are no more. */
  @GuardedBy("lock")
  private boolean pruned;

  private volatile boolean closed;

  /**
   * @param path of the key index
   * @param durable whether what is deleted is on stable storage
   * @param directory of the keys' newest records
   */
  KeyOrder(Path path, boolean durable, SegmentTable segments, KeyDirectory directory) {
    this.path = path;
    this.durable = durable;
    this.segments = segments;
    this.directory = directory;
  }

  /** What a cursor walks: keys of the key index, and others, both sorted, live or not. */
  record Candidates(OrderedKeys indexed, List<byte[]> others) {}

  /** The keys of a range that a cursor must look at. */
  Candidates candidates(KeyRange range) {
    lock.lock();
    try {
      for (int repairs = 0; ; repairs++) {
        KeyIndex opened = open();
        try {
          return candidates(opened, range);
        } catch (KeyIndexDamagedException e) {
          repair(opened, e, repairs);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Segments that settle while this runs are looked at here, or are in the key index already; the
   * iterator, made last, then sees them.
   */
  @GuardedBy("lock")
  private Candidates candidates(KeyIndex opened, KeyRange range) {
    if (!pruned) {
      prune(opened);
      pruned = true;
    }
    List<byte[]> others = new ArrayList<>();
    while (!isCovered(opened, range, others)) {
      others.clear(); // a segment went, and what is live of it is in one that came meanwhile
    }
    others.sort(Arrays::compareUnsigned);
    return new Candidates(opened.iterate(range.from(), range.to()), others);
  }

  /**
   * Has segments forgotten that are no more. A cache's are all taken in anew: keys were taken out
   * for deletes and evictions that a crash may have undone.
   */
  private void prune(KeyIndex opened) {
    opened.retain(id -> durable && segments.get((int) id) != null);
  }

  @GuardedBy("lock")
  private boolean isCovered(KeyIndex opened, KeyRange range, List<byte[]> others) {
    for (Segment segment : inOrder()) {
      boolean there =
          segment.isSettled() ? takeIn(opened, segment) : collect(segment, range, others);
      if (!there && !closed && segments.get(segment.id()) != segment) {
        return false;
      }
    }
    return true;
  }

  private List<Segment> inOrder() {
    List<Segment> all = segments.all();
    all.sort(Comparator.comparingInt(Segment::id));
    return all;
  }

  /** What to throw when a segment's mapping has no file behind it any more. */
  private static CorruptionException cutShort(Segment segment, InternalError cause) {
    return new CorruptionException(
        segment.path(), 0, "the file was cut short while it was open", cause);
  }

  private static boolean collect(Segment segment, KeyRange range, List<byte[]> keys) {
    SegmentBytes bytes = segment.pin();
    if (bytes == null) {
      return false;
    }
    try {
      if (bytes instanceof Slab slab) {
        awaitCompletion(slab);
      }
      segment.forEachRecord(
          bytes,
          (kind, key, offset, length, sequence) -> {
            if (kind == RecordFormat.PUT && range.contains(key)) {
              keys.add(key);
            }
          });
      return true;
    } catch (InternalError e) {
      throw cutShort(segment, e);
    } finally {
      bytes.unpin();
    }
  }

  /** A cache's put has returned when its own record was complete, whatever lies before it. */
  private static void awaitCompletion(Slab slab) {
    int end = slab.end();
    for (int at = slab.completedPrefix(FileHeader.LENGTH); at < end; ) {
      LockSupport.parkNanos(slab, PARK_NANOS); // a writer is copying
      at = slab.completedPrefix(at);
    }
  }

  /**
   * Takes in the keys of a segment that has settled, if the key index is in use. Not before: a key
   * whose put is not published yet may be {@linkplain #forget forgotten} with an older segment.
   */
  void takeIn(Segment segment) {
    if (!lock.tryLock()) {
      return; // a cursor is being made, which may take long; the next one takes in what is missing
    }
    try {
      KeyIndex opened = index;
      if (opened == null) {
        return;
      }
      takeIn(opened, segment);
    } catch (KeyIndexDamagedException | BlobStoreException e) {
      // a cursor will find the segment missing, and make the index good
      LOG.warn("{} is not in the key index yet: {}", segment.path(), e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean takeIn(KeyIndex opened, Segment segment) {
    Trailer trailer = segment.trailer();
    if (trailer == null || opened.covers(segment.id(), trailer.fingerprint())) {
      return true;
    }
    SegmentBytes bytes = segment.pin();
    if (bytes == null) {
      return false;
    }
    try {
      opened.add(segment.id(), trailer.fingerprint(), sink -> feed(segment, bytes, sink));
      return true;
    } catch (InternalError e) {
      throw cutShort(segment, e);
    } finally {
      bytes.unpin();
    }
  }

  private void feed(Segment segment, SegmentBytes bytes, KeySink sink) {
    segment.forEachRecord(
        bytes,
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.PUT) {
            sink.put(key);
          } else if (directory.isGone(key, segment, offset)) {
            sink.delete(key);
          }
        });
  }

  /**
   * Lets go of a segment that nothing leads to any more, and of its keys that have no value. Should
   * a crash bring the segment back, it is not covered, and its keys are taken in again.
   *
   * @param bytes of the segment, pinned
   */
  void forget(Segment segment, SegmentBytes bytes) {
    lock.lock();
    try {
      KeyIndex opened = index;
      if (opened != null) {
        opened.remove(segment.id(), sink -> feedGone(segment, bytes, sink));
      }
    } catch (KeyIndexDamagedException | BlobStoreException | InternalError e) {
      LOG.warn("keys of {} stay in the key index: {}", segment.path(), e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  private void feedGone(Segment segment, SegmentBytes bytes, KeySink sink) {
    segment.forEachRecord(
        bytes,
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.PUT && !directory.isKnown(key)) {
            sink.delete(key);
          }
        });
  }

  @GuardedBy("lock")
  private KeyIndex open() {
    if (closed) {
      throw new StoreClosedException("the store is closed");
    }
    KeyIndex opened = index;
    if (opened == null) {
      opened = KeyIndex.open(path);
      index = opened;
    }
    return opened;
  }

  @GuardedBy("lock")
  private void repair(KeyIndex damaged, KeyIndexDamagedException damage, int repairs) {
    if (repairs == MOST_REPAIRS) {
      throw new StoreFailedException("the key index cannot be filled", damage);
    }
    LOG.warn("{}; it is being filled anew", damage.getMessage());
    damaged.replaceDamaged();
  }

  /** Bytes of memory that the key index takes, an estimate. */
  long memoryBytes() {
    KeyIndex opened = index;
    return opened == null ? 0 : opened.memoryBytes();
  }

  /** Closes the key index and every cursor; a filling that is under way gives up. */
  void close() {
    closed = true;
    closeIndex();
    lock.lock();
    try {
      closeIndex(); // one that was opened meanwhile
    } finally {
      lock.unlock();
    }
  }

  private void closeIndex() {
    KeyIndex opened = index;
    if (opened != null) {
      opened.close();
    }
  }
}
