package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.index.Verdict;
import dev.quarry.index.sieve.EvictionQueue;
import dev.quarry.index.sieve.GraceZone;
import dev.quarry.segment.Lack;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import java.util.List;
import java.util.Objects;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The log as SIEVE's queue: the segments in their order, and in each the puts in theirs.
 *
 * <p>The hand looks at settled segments only: of a record in another, an older version may still be
 * about to be published, which an eviction would let through. It stops where the grace zone begins.
 *
 * <p>Between two uses the hand is a place among the sequence numbers, so that it stays where it is
 * when a compaction moves the records around it. Used by one thread at a time: {@link #begin}, any
 * number of steps, {@link #end}.
 */
final class SegmentQueue implements EvictionQueue {

  private static final int LONGS = 5;

  private final SegmentTable segments;
  private final KeyDirectory directory;
  private final EvictionLog log;
  private final Counters counters;
  private final long graceBytes;
  private final Replaced replaced = new Replaced();

  /** The hand between two uses: all records before it have lower numbers. */
  private long hand;

  // during a use
  private List<Segment> queue = List.of();
  private int at;

  /** Up to which segment of the queue the hand may go, and within that up to which offset. */
  private int last;

  private long lastOffset;

  /** The puts of the segment the hand is in: low, high, offset, length, sequence of each. */
  private final LongArrayList puts = new LongArrayList();

  private @Nullable Segment loaded;
  private int next;

  /**
   * @param capacity of the cache, in bytes
   * @param grace whether to spare the newest records
   * @param hand where the hand was when the store was last open; 0 for the tail
   */
  SegmentQueue(
      SegmentTable segments,
      KeyDirectory directory,
      EvictionLog log,
      Counters counters,
      long capacity,
      boolean grace,
      long hand) {
    this.segments = segments;
    this.directory = directory;
    this.log = log;
    this.counters = counters;
    this.graceBytes = grace ? GraceZone.of(capacity) : 0;
    this.hand = hand;
  }

  /** Where the hand is, between two uses. */
  long hand() {
    return hand;
  }

  /** Looks at the queue as it is now, and puts the hand where it was. */
  void begin() {
    queue = segments.inQueueOrder();
    queue.removeIf(segment -> !segment.isSettled() || segment.trailer() == null);
    findEnd();
    at = 0;
    while (at < queue.size() && highest(queue.get(at)) < hand) {
      at++;
    }
    load();
    while (next < puts.size() && puts.getLong(next + 4) < hand) {
      next += LONGS;
    }
  }

  /** Where the grace zone begins: so many live bytes before the head, slabs included. */
  private void findEnd() {
    long left = graceBytes;
    for (Segment segment : segments.all()) {
      left -= segment.isSettled() ? 0 : segment.liveBytes();
    }
    last = queue.size() - 1;
    while (last >= 0 && left > 0 && queue.get(last).liveBytes() <= left) {
      left -= queue.get(last).liveBytes();
      last--;
    }
    lastOffset = Long.MAX_VALUE;
    if (last >= 0 && left > 0) {
      Segment segment = queue.get(last);
      lastOffset = (long) (segment.size() * (1 - (double) left / segment.liveBytes()));
    }
  }

  /** Notes where the hand is. */
  void end() {
    if (next < puts.size()) {
      hand = puts.getLong(next + 4);
    } else {
      hand = at < queue.size() ? highest(queue.get(at)) + 1 : 0;
    }
    queue = List.of();
  }

  private static long highest(Segment segment) {
    return Objects.requireNonNull(segment.trailer()).highestSequence();
  }

  /** Reads the puts of the segment the hand is in. */
  private void load() {
    next = 0;
    Segment segment = at < queue.size() ? queue.get(at) : null;
    if (segment != null && segment == loaded) {
      return;
    }
    puts.clear();
    loaded = null; // and so it stays if there is no memory for the puts
    SegmentBytes bytes = segment == null ? null : segment.pin();
    if (segment == null || bytes == null) {
      return;
    }
    try {
      segment.forEachEntry(
          bytes,
          directory.hasher(),
          (low, high, offset, length, sequence, kind) -> {
            if (kind == RecordFormat.PUT) {
              puts.addLong(low);
              puts.addLong(high);
              puts.addLong(offset);
              puts.addLong(length);
              puts.addLong(sequence);
            }
          });
    } catch (InternalError e) {
      Lack.rethrow(e);
      segment.setDamaged(); // the file was cut short
    } finally {
      bytes.unpin();
    }
    loaded = segment;
  }

  @Override
  public boolean next() {
    if (!toRecord()) {
      return false;
    }
    next += LONGS;
    return true;
  }

  /** Goes to the segment that the next record is in; false if there is none before the end. */
  private boolean toRecord() {
    while (at <= last) {
      if (next < puts.size()) {
        return at < last || puts.getLong(next + 2) < lastOffset;
      }
      if (at == last) {
        return false;
      }
      at++;
      load();
    }
    return false;
  }

  @Override
  public void toTail() {
    at = 0;
    load();
  }

  @Override
  public Verdict examine() {
    int record = next - LONGS;
    long low = puts.getLong(record);
    long high = puts.getLong(record + 1);
    log.prepare();
    Verdict verdict = directory.evictUnlessVisited(low, high, location(record), replaced);
    if (verdict == Verdict.EVICTED) {
      long length = puts.getLong(record + 3);
      log.add(low, high, length, puts.getLong(record + 4));
      counters.evictions.increment();
      counters.bytesEvicted.add(length);
    }
    return verdict;
  }

  private long location(int record) {
    return Location.pack(queue.get(at).id(), puts.getLong(record + 2), false);
  }

  @Override
  public boolean atEnd() {
    while (toRecord()) {
      if (directory.index().get(puts.getLong(next), puts.getLong(next + 1)) == location(next)) {
        return false;
      }
      next += LONGS;
    }
    return true;
  }
}
