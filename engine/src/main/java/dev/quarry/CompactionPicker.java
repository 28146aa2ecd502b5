package dev.quarry;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what to compact next: the segment with the largest share of garbage, and those of its
 * neighbours in the queue that are sparse or small, as long as what is live of them all fits one
 * segment.
 *
 * <p>Only neighbours go together, as an output has one place in the queue; and only such whose
 * sequence numbers do not overlap, so that its records stay in order. In a durable store the
 * segment with the highest numbers is left out as long as anything of it is live: the next opening
 * takes from it which numbers are used up. (A cache may use again numbers that no file knows of any
 * more.)
 */
final class CompactionPicker {

  /** A share of garbage below which a rewrite costs more than it brings. */
  static final double LEAST_GARBAGE = 0.15;

  private static final int MOST_INPUTS = 64;

  /** So many tiny segments, which fit one together, are too many. */
  private static final int CROWD = 8;

  private final long segmentBytes;
  private final boolean durable;

  CompactionPicker(BlobStoreOptions options) {
    this.segmentBytes = options.segmentBytes();
    this.durable = options.mode() == StoreMode.DURABLE;
  }

  /** A choice: what to compact, or why there is nothing. */
  record Choice(List<Segment> inputs, String reason) {

    boolean isNothing() {
      return inputs.isEmpty();
    }

    private static Choice nothing(String reason) {
      return new Choice(List.of(), reason);
    }
  }

  /**
   * Chooses a segment of which nothing is live.
   *
   * @param queue all segments, in the order of the queue
   */
  Choice dead(List<Segment> queue) {
    for (Segment segment : queue) {
      if (isEligible(segment, null) && segment.liveBytes() == 0 && share(segment) > 0) {
        return new Choice(List.of(segment), "");
      }
    }
    return Choice.nothing("no segment is dead as a whole");
  }

  /**
   * Chooses neighbours with much garbage.
   *
   * @param queue all segments, in the order of the queue
   */
  Choice sparse(List<Segment> queue) {
    Segment newest = newest(queue);
    int seed = -1;
    for (int i = 0; i < queue.size(); i++) {
      if (isEligible(queue.get(i), newest)
          && (seed < 0 || share(queue.get(i)) > share(queue.get(seed)))) {
        seed = i;
      }
    }
    if (seed < 0) {
      return Choice.nothing("every segment is too new, or damaged");
    }
    if (share(queue.get(seed)) < LEAST_GARBAGE) {
      return Choice.nothing(
          String.format(
              "the sparsest segment, %d, is garbage to %.0f %%, which is not worth a rewrite",
              queue.get(seed).id(), 100 * share(queue.get(seed))));
    }
    return new Choice(
        List.copyOf(queue.subList(first(queue, seed, newest), end(queue, seed, newest))), "");
  }

  /**
   * Chooses neighbours that are many and tiny, whatever their garbage: what small slabs became, or
   * what is left of large values.
   *
   * <p>None of them is more than a quarter of them all, so each time a record is copied its segment
   * grows to four times the size: what comes in small portions is copied a few times, not once for
   * each portion. Only the most neighbours that go together at all are chosen whatever their sizes.
   *
   * @param queue all segments, in the order of the queue
   */
  Choice crowded(List<Segment> queue) {
    Segment newest = newest(queue);
    for (int last = CROWD - 1; last < queue.size(); last++) {
      int first = firstOfCrowd(queue, last, newest);
      if (first >= 0) {
        return new Choice(List.copyOf(queue.subList(first, last + 1)), "");
      }
    }
    return Choice.nothing("no crowd of tiny segments");
  }

  /** Where the smallest crowd begins that ends with a segment; -1 if there is none. */
  private int firstOfCrowd(List<Segment> queue, int last, @Nullable Segment newest) {
    long kept = 0;
    long largest = 0;
    for (int count = 1; count <= MOST_INPUTS && count <= last + 1; count++) {
      int first = last + 1 - count;
      Segment segment = queue.get(first);
      if (!isEligible(segment, newest)
          || segment.size() > segmentBytes / CROWD
          || (count > 1 && highest(segment) >= queue.get(first + 1).place())) {
        return -1;
      }
      kept += kept(segment);
      largest = Math.max(largest, kept(segment));
      if (kept > segmentBytes) {
        return -1;
      }
      if (count >= CROWD && (largest <= kept / 4 || count == MOST_INPUTS)) {
        return first;
      }
    }
    return -1;
  }

  private int first(List<Segment> queue, int seed, @Nullable Segment newest) {
    long live = kept(queue.get(seed));
    int first = seed;
    while (first > 0
        && seed - first < MOST_INPUTS / 2
        && joins(queue.get(first - 1), queue.get(first - 1), queue.get(first), newest)
        && live + kept(queue.get(first - 1)) <= segmentBytes / 2) {
      first--;
      live += kept(queue.get(first));
    }
    return first;
  }

  private int end(List<Segment> queue, int seed, @Nullable Segment newest) {
    long live = kept(queue.get(seed));
    for (int i = first(queue, seed, newest); i < seed; i++) {
      live += kept(queue.get(i));
    }
    int end = seed + 1;
    while (end < queue.size()
        && end - seed < MOST_INPUTS / 2
        && joins(queue.get(end), queue.get(end - 1), queue.get(end), newest)
        && live + kept(queue.get(end)) <= segmentBytes * 7 / 8) {
      live += kept(queue.get(end));
      end++;
    }
    return end;
  }

  /** Whether a neighbour should come along, and its numbers do not overlap. */
  private boolean joins(
      Segment candidate, Segment earlier, Segment later, @Nullable Segment newest) {
    return isEligible(candidate, newest)
        && highest(earlier) < later.place()
        && (share(candidate) >= LEAST_GARBAGE || candidate.size() < segmentBytes / 4);
  }

  /** Whether a segment is worth compacting. */
  boolean isSparse(Segment segment) {
    return segment.isCompactable() && share(segment) >= LEAST_GARBAGE;
  }

  private static boolean isEligible(Segment segment, @Nullable Segment newest) {
    return segment != newest && segment.isCompactable() && segment.isMapped();
  }

  private static double share(Segment segment) {
    return (double) segment.garbageBytes() / fileLength(segment);
  }

  /** Bytes that stay of a segment's file. */
  private static long kept(Segment segment) {
    return fileLength(segment) - segment.garbageBytes();
  }

  private static long fileLength(Segment segment) {
    return Objects.requireNonNull(segment.trailer()).fileLength();
  }

  private static long highest(Segment segment) {
    return Objects.requireNonNull(segment.trailer()).highestSequence();
  }

  /** Whether the next opening takes from a segment which numbers are used up. */
  boolean isNewest(Segment segment, List<Segment> queue) {
    return segment == newest(queue);
  }

  /** The segment that is to stay; null if there is none. */
  private @Nullable Segment newest(List<Segment> queue) {
    Segment newest = null;
    if (!durable) {
      return newest;
    }
    for (Segment segment : queue) {
      if (segment.trailer() != null && (newest == null || highest(segment) >= highest(newest))) {
        newest = segment;
      }
    }
    return newest;
  }
}
