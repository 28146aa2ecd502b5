package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.index.Location;
import dev.quarry.index.keys.KeyIndexDamagedException;
import dev.quarry.index.keys.KeyIndexUnavailableException;
import dev.quarry.index.keys.KeyMerge;
import dev.quarry.index.keys.OrderedKeys;
import dev.quarry.index.keys.PackedKeys;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.SteadfastLock;
import dev.quarry.segment.StoreLock;
import dev.quarry.segment.Trailer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys in byte order. Those of settled segments come from the key indexes ({@link KeyCover}), which
 * are opened, and filled with all they lack, when ordered keys are first asked for; those of the
 * others from {@link SlabKeys}.
 *
 * <p>All give more keys than are live; {@link KeyCursor} asks about each, and leaves out what is in
 * {@link DeadStretches}. To make a cursor takes as long as there are records it has not looked at
 * yet, and is independent of how many there are.
 *
 * <p>Safe for use by any number of threads.
 */
final class KeyOrder {

  private static final Logger LOG = LoggerFactory.getLogger(KeyOrder.class);

  private final SegmentTable segments;
  private final KeyDirectory directory;
  private final DeadStretches stretches = new DeadStretches();
  private final SegmentKeyReader reader;
  private final KeyCover cover;
  private final SteadfastLock lock = new SteadfastLock();

  /** The {@link SegmentTable#version} that was looked at last. */
  @GuardedBy("lock")
  private @Nullable Object seen;

  /** The segments that are in the key indexes. */
  @GuardedBy("lock")
  private final IntHashSet covered = new IntHashSet();

  /** The {@link KeyCover#losses} of which {@link #covered} takes account. */
  @GuardedBy("lock")
  private int losses;

  /** The others, by id. */
  @GuardedBy("lock")
  private TreeMap<Integer, SlabKeys> others = new TreeMap<>();

  /** Bytes of the keys of the others, as of the last look. */
  private volatile long otherBytes;

  private volatile boolean closed;

  /**
   * @param path of the key index
   * @param durable whether what is deleted is on stable storage. A cache's segments are all taken
   *     in anew after an opening: keys were taken out for deletes and evictions that a crash may
   *     have undone
   * @param directory of the keys' newest records
   * @param storeLock held by who changes the key index, whose files are not behind the seam
   */
  KeyOrder(
      Path path,
      boolean durable,
      SegmentTable segments,
      KeyDirectory directory,
      StoreLock storeLock) {
    this.segments = segments;
    this.directory = directory;
    this.reader = new SegmentKeyReader(segments, directory, stretches);
    this.cover =
        new KeyCover(
            path, id -> durable && segments.get((int) id) != null, directory::isKnown, storeLock);
  }

  /**
   * What a cursor walks: keys on disk, if there are any, and in memory, both sorted, live or not;
   * and what it proves on the way.
   */
  record Candidates(@Nullable OrderedKeys onDisk, KeyMerge inMemory, DeadStretches.Walk walk) {

    void close() {
      try {
        walk.close();
        inMemory.close();
      } finally {
        if (onDisk != null) {
          onDisk.close();
        }
      }
    }
  }

  /** The keys of a range that a cursor must look at. */
  Candidates candidates(KeyRange range) {
    lock.lock();
    try {
      for (; ; ) {
        checkOpen();
        cover.open();
        try {
          return tryCandidates(range);
        } catch (KeyIndexDamagedException | KeyIndexUnavailableException e) {
          mendLocked(e);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Segments that settle while this runs are looked at here, or are in a key index already; what is
   * walked is made last, and has them.
   */
  @GuardedBy("lock")
  private Candidates tryCandidates(KeyRange range) {
    while (!lookAtOthers() || cover.losses() != losses) {
      seen = null; // a segment went, and what is live of it is in one that came meanwhile
    }
    List<PackedKeys> runs = new ArrayList<>(cover.inMemory());
    others.values().forEach(keys -> runs.addAll(keys.runs()));
    otherBytes = others.values().stream().mapToLong(SlabKeys::memoryBytes).sum();
    OrderedKeys onDisk = cover.onDisk(range);
    boolean made = false;
    try {
      KeyMerge inMemory = new KeyMerge(runs, range.from(), range.to());
      Candidates candidates = new Candidates(onDisk, inMemory, stretches.begin(range.from()));
      made = true;
      return candidates;
    } finally {
      if (!made && onDisk != null) {
        onDisk.close();
      }
    }
  }

  @GuardedBy("lock")
  private boolean lookAtOthers() {
    refresh();
    for (Iterator<SlabKeys> i = others.values().iterator(); i.hasNext(); ) {
      SlabKeys keys = i.next();
      Segment segment = keys.segment();
      boolean settled = segment.isSettled();
      boolean there = settled ? takeInLocked(segment) : keys.look();
      if (there && settled) {
        covered.add(segment.id());
        i.remove();
      } else if (!there && !closed && segments.get(segment.id()) != segment) {
        return false;
      }
    }
    return true;
  }

  /** Finds the segments that have come and gone, if any have. */
  @GuardedBy("lock")
  private void refresh() {
    if (losses != cover.losses()) { // what it covered is covered no more
      losses = cover.losses();
      covered.clear();
      seen = null;
    }
    Object version = segments.version();
    if (version == seen) {
      return;
    }
    TreeMap<Integer, SlabKeys> present = new TreeMap<>();
    for (Segment segment : segments.all()) {
      if (!covered.contains(segment.id())) {
        SlabKeys known = others.get(segment.id());
        present.put(segment.id(), known == null ? new SlabKeys(segment, reader, stretches) : known);
      }
    }
    others = present;
    seen = version;
  }

  /**
   * Takes in the keys of a segment that has settled, if the key indexes are in use. Not before: a
   * key whose put is not published yet may be {@linkplain #forget forgotten} with an older segment.
   */
  void takeIn(Segment segment) {
    if (!lock.tryLock()) {
      return; // a cursor is being made, which may take long; the next one takes in what is missing
    }
    try {
      if (cover.isOpen() && takeInLocked(segment)) {
        covered.add(segment.id());
        others.remove(segment.id());
      }
    } catch (KeyIndexDamagedException | KeyIndexUnavailableException | BlobStoreException e) {
      // a cursor will find the segment missing, and make the index good
      LOG.warn("{} is not in the key index yet: {}", segment.path(), e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean takeInLocked(Segment segment) {
    Trailer trailer = segment.trailer();
    if (trailer == null || cover.covers(segment.id(), trailer.fingerprint())) {
      return true;
    }
    SegmentBytes bytes = segment.pin();
    if (bytes == null) {
      return false;
    }
    try {
      cover.add(segment.id(), trailer.fingerprint(), sink -> reader.feed(segment, bytes, sink));
    } catch (InternalError e) {
      reader.cutShort(segment, e);
    } finally {
      bytes.unpin();
    }
    return true;
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
      covered.remove(segment.id());
      if (cover.isOpen() && !closed) {
        cover.remove(segment.id(), sink -> reader.feedGone(segment, bytes, sink));
      }
    } catch (KeyIndexDamagedException
        | KeyIndexUnavailableException
        | BlobStoreException
        | InternalError e) {
      LOG.warn("keys of {} stay in the key index: {}", segment.path(), e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  /** Mends what a cursor met, so that the next candidates are complete again. */
  void mend(RuntimeException failure) {
    lock.lock();
    try {
      mendLocked(failure);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void mendLocked(RuntimeException failure) {
    checkOpen();
    cover.mend(failure);
    covered.clear();
    seen = null;
  }

  /**
   * Whether no record in memory of the key that candidates are at will ever be its value, given
   * that it has none.
   */
  boolean isDeadForGood(KeyMerge inMemory, byte[] key) {
    return inMemory.allPlaces(
        place -> {
          long tombstone = directory.tombstone(key);
          return tombstone != Location.NONE && SlabKeys.isOlder(place, tombstone);
        });
  }

  /**
   * Makes sure that listings lack nothing.
   *
   * @throws CorruptionException if they lack a key that has a value
   */
  void checkComplete() {
    reader.checkComplete();
  }

  void checkOpen() {
    if (closed) {
      throw new StoreClosedException("the store is closed");
    }
  }

  /** Bytes of memory that ordered keys take, an estimate. */
  long memoryBytes() {
    return cover.memoryBytes() + otherBytes;
  }

  /** Closes the key indexes and every cursor; a filling that is under way gives up. */
  void close() {
    closed = true;
    cover.close();
    lock.lock();
    try {
      cover.close(); // an index that was opened meanwhile
    } finally {
      lock.unlock();
    }
  }
}
