package dev.quarry;

import dev.quarry.segment.Trailer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The segments of an open store by id. Readers look at an immutable map, which a change replaces;
 * changes are as rare as segments.
 */
final class SegmentTable {

  private volatile Int2ObjectHashMap<Segment> segments = new Int2ObjectHashMap<>();

  /** Takes in a segment, or many at once. */
  synchronized void addAll(Collection<Segment> added) {
    Int2ObjectHashMap<Segment> changed = new Int2ObjectHashMap<>(segments);
    added.forEach(segment -> changed.put(segment.id(), segment));
    segments = changed;
  }

  /** Forgets a segment. */
  void remove(Segment segment) {
    removeAll(List.of(segment));
  }

  /** Forgets segments. */
  synchronized void removeAll(Collection<Segment> removed) {
    Int2ObjectHashMap<Segment> changed = new Int2ObjectHashMap<>(segments);
    removed.forEach(segment -> changed.remove(segment.id()));
    segments = changed;
  }

  /** The segment of an id; null when there is none. */
  @Nullable Segment get(int id) {
    return segments.get(id);
  }

  /** Bytes of all files that are on disk under their final names. */
  long diskBytes() {
    return claimedBytes(0);
  }

  /**
   * The same, with what the slabs will take.
   *
   * @param slabBytes what to count for each segment that is still a slab
   */
  long claimedBytes(long slabBytes) {
    long sum = 0;
    for (Segment segment : all()) {
      Trailer trailer = segment.trailer();
      sum += trailer == null ? slabBytes : trailer.fileLength();
    }
    return sum;
  }

  /** Bytes of those files that are not live records. */
  long deadBytes() {
    long sum = 0;
    for (Segment segment : all()) {
      Trailer trailer = segment.trailer();
      sum += trailer == null ? 0 : trailer.fileLength() - segment.liveBytes();
    }
    return sum;
  }

  /**
   * The segments that are on disk and settled, such that of a record in one of them none that is
   * older is in any other segment, those that come later included.
   */
  @SuppressWarnings("ReferenceEquality") // every change makes a new map
  List<Segment> settled() {
    List<Segment> before = onDiskAndSettled();
    for (; ; ) {
      Int2ObjectHashMap<Segment> seen = segments;
      List<Segment> settled = onDiskAndSettled();
      // segments settle in their order: what was not when a newer one was looked at is now
      if (seen == segments && settled.equals(before)) {
        return settled;
      }
      before = settled;
    }
  }

  /**
   * Of a segment that has settled, what is older may not have: large values, and what they became.
   */
  private List<Segment> onDiskAndSettled() {
    List<Segment> settled = all();
    long open = Long.MAX_VALUE;
    for (Segment segment : settled) {
      open = segment.isOpen() ? Math.min(open, segment.place()) : open;
    }
    long oldestOpen = open;
    settled.removeIf(segment -> !segment.isSettled() || !segment.isOlderThan(oldestOpen));
    return settled;
  }

  /** Whether nothing of any segment on disk is still to be published. */
  boolean areAllSettled() {
    return all().stream().allMatch(segment -> segment.isSettled() || segment.trailer() == null);
  }

  /** The highest id of a segment, slabs included; 0 if there is none. */
  int newestId() {
    return all().stream().mapToInt(Segment::id).max().orElse(0);
  }

  /** An object that is replaced by another whenever segments come or go. */
  Object version() {
    return segments;
  }

  /** All segments in the order of the queue, the oldest first. */
  List<Segment> inQueueOrder() {
    List<Segment> all = all();
    all.sort(Comparator.comparingLong(Segment::place).thenComparingInt(Segment::id));
    return all;
  }

  /** All segments, in no order. */
  List<Segment> all() {
    List<Segment> all = new ArrayList<>();
    segments.forEachInt((id, segment) -> all.add(segment));
    return all;
  }
}
