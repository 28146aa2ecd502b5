package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.keys.PackedKeys;
import dev.quarry.index.keys.SortedRuns;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Slab;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The keys of one segment that is not settled, a slab in most cases, in order. They are sorted once
 * and kept: each look takes in the records that have been completed since the one before. Guarded
 * by the lock of {@link KeyOrder}.
 */
final class SlabKeys {

  /** The place of a record of which nothing says when it is dead for good. */
  private static final long EVER_PENDING = Long.MAX_VALUE;

  private static final long PARK_NANOS = 20_000;

  private final Segment segment;
  private final SegmentKeyReader reader;
  private final DeadStretches stretches;
  private final SortedRuns runs = new SortedRuns();

  /** Where the records begin that have not been looked at. */
  private long seen = FileHeader.LENGTH;

  SlabKeys(Segment segment, SegmentKeyReader reader, DeadStretches stretches) {
    this.segment = segment;
    this.reader = reader;
    this.stretches = stretches;
  }

  Segment segment() {
    return segment;
  }

  /**
   * Takes in the keys of the records that have come since the last look.
   *
   * @return false if the segment is gone
   */
  boolean look() {
    PackedKeys.Builder added = new PackedKeys.Builder();
    SegmentBytes bytes = segment.pin();
    if (bytes == null) {
      return false;
    }
    long end = seen;
    try {
      end = bytes instanceof Slab slab ? look(slab, added) : look(bytes, added);
    } catch (InternalError e) {
      reader.cutShort(segment, e);
    } finally {
      bytes.unpin();
    }
    PackedKeys keys = added.build();
    for (int i = 0; i < keys.count(); i++) {
      stretches.cut(keys.key(i));
    }
    runs.add(keys);
    seen = end; // at the end, as there may be no memory for the keys
    return true;
  }

  private int look(Slab slab, PackedKeys.Builder added) {
    int end = awaitCompletion(slab, (int) seen);
    slab.forEachRecord(
        (int) seen,
        end,
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.PUT) {
            added.add(key, Location.pack(segment.id(), offset, false));
          }
        });
    return end;
  }

  private long look(SegmentBytes bytes, PackedKeys.Builder added) {
    if (seen < segment.size()) {
      reader.forEachPut(segment, bytes, seen, key -> added.add(key, EVER_PENDING));
    }
    return segment.size();
  }

  /** A cache's put has returned when its own record was complete, whatever lies before it. */
  private static int awaitCompletion(Slab slab, int from) {
    int end = slab.end();
    int at = slab.completedPrefix(from);
    while (at < end) {
      LockSupport.parkNanos(slab, PARK_NANOS); // a writer is copying
      at = slab.completedPrefix(at);
    }
    return at;
  }

  /**
   * Whether a record at such a place is dead for good once a tombstone of its key is found: slabs
   * are filled in the order of their ids, so the tombstone is newer if it lies behind.
   */
  static boolean isOlder(long place, long tombstone) {
    return place != EVER_PENDING
        && (Location.segment(place) < Location.segment(tombstone)
            || (Location.segment(place) == Location.segment(tombstone)
                && Location.offset(place) < Location.offset(tombstone)));
  }

  /** The keys, as they are now. */
  List<PackedKeys> runs() {
    return runs.runs();
  }

  /** Bytes of heap. */
  long memoryBytes() {
    return runs.memoryBytes();
  }
}
