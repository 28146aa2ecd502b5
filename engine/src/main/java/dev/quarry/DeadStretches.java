package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Stretches of keys in which cursors have found nothing but keys without a value, so that those
 * which come later need not walk over them again: at the front of a queue, everything that was ever
 * polled.
 *
 * <p><b>Why nothing is left out.</b> A cursor looks at the records that are known when it is made.
 * Of each key in a stretch, none of the known records will ever be its value again: they are
 * deleted, evicted or replaced, not merely unpublished. Whoever gets to know another record, out of
 * a slab or a segment, {@linkplain #cut cuts} its key out before a cursor can be made that relies
 * on it. A stretch that a cursor is just proving ends before the first key that was cut out since
 * the cursor was made.
 *
 * <p>At most {@value #MOST} are remembered, the longest. Safe for use by any number of threads.
 */
final class DeadStretches {

  private static final int MOST = 256;

  /** A stretch of fewer keys is walked over faster than it is remembered. */
  private static final int LEAST_KEYS = 8;

  /** Where a stretch ends, that key not included, and about how many keys are in it. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares stretches
  private record Stretch(byte[] end, long keys) {}

  /** By the key where each begins; they neither overlap nor touch. */
  @GuardedBy("this")
  private final TreeMap<byte[], Stretch> stretches = new TreeMap<>(Arrays::compareUnsigned);

  @GuardedBy("this")
  private final Set<Walk> walks = new HashSet<>();

  /** The first key behind another. */
  private static byte[] successor(byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }

  private static boolean isBelow(byte[] left, byte[] right) {
    return Arrays.compareUnsigned(left, right) < 0;
  }

  /** Takes note of a record of a key that was not known before. */
  synchronized void cut(byte[] key) {
    Map.Entry<byte[], Stretch> before = stretches.floorEntry(key);
    if (before != null && isBelow(key, before.getValue().end)) {
      byte[] start = before.getKey();
      Stretch stretch = stretches.remove(start);
      if (isBelow(start, key)) {
        stretches.put(start, new Stretch(key, stretch.keys));
      }
      byte[] behind = successor(key);
      if (isBelow(behind, stretch.end)) {
        stretches.put(behind, new Stretch(stretch.end, stretch.keys));
      }
    }
    for (Walk walk : walks) {
      walk.limitTo(key);
    }
  }

  /**
   * Begins the walk of a cursor, for which all known records have been looked at.
   *
   * @param from where it begins; null for the lowest key
   */
  synchronized Walk begin(byte @Nullable [] from) {
    Walk walk = new Walk(from == null ? new byte[0] : from);
    walks.add(walk);
    return walk;
  }

  @GuardedBy("this")
  private void remember(byte[] start, byte[] end, long keys) {
    byte[] first = start;
    byte[] last = end;
    long sum = keys;
    List<byte[]> joined = new ArrayList<>();
    Map.Entry<byte[], Stretch> before = stretches.floorEntry(last);
    while (before != null && !isBelow(before.getValue().end, first)) {
      joined.add(before.getKey());
      sum += before.getValue().keys;
      first = isBelow(before.getKey(), first) ? before.getKey() : first;
      last = isBelow(last, before.getValue().end) ? before.getValue().end : last;
      before = stretches.lowerEntry(before.getKey());
    }
    if (sum >= LEAST_KEYS) {
      joined.forEach(stretches::remove);
      stretches.put(first, new Stretch(last, sum));
      if (stretches.size() > MOST) {
        stretches.remove(leastWorth());
      }
    }
  }

  @GuardedBy("this")
  private byte[] leastWorth() {
    Map.Entry<byte[], Stretch> least = stretches.firstEntry();
    for (Map.Entry<byte[], Stretch> stretch : stretches.entrySet()) {
      least = stretch.getValue().keys < least.getValue().keys ? stretch : least;
    }
    return least.getKey();
  }

  /** What one cursor proves on its way up, and leaves out. For one thread. */
  final class Walk implements AutoCloseable {

    /** Where the walk is, under the monitor: keys that are cut out below do not matter. */
    private byte[] at;

    /** The lowest key from there on that was cut out since the walk began; as above. */
    private byte @Nullable [] limit;

    /**
     * Where the keys without a value begin that the walk is among; null when it is not. At first
     * that is where the walk begins: a key index may be slow to find the first key that it has.
     */
    private byte @Nullable [] start;

    private byte[] end = {};
    private long keys;

    private Walk(byte[] at) {
      this.at = at;
      this.start = at;
    }

    private void limitTo(byte[] key) {
      if (!isBelow(key, at) && (limit == null || isBelow(key, limit))) {
        limit = key;
      }
    }

    /** Where to go on from a key at which a cursor would begin; null if there. */
    byte @Nullable [] skip(byte[] key) {
      synchronized (DeadStretches.this) {
        Map.Entry<byte[], Stretch> before = stretches.floorEntry(key);
        if (before == null || !isBelow(key, before.getValue().end)) {
          return null;
        }
        end = before.getValue().end;
        start = start == null ? end : start;
        return end;
      }
    }

    /** Notes that the next key has no value, nor will have one of a record known to the cursor. */
    void passedDead(byte[] key) {
      start = start == null ? key : start;
      end = successor(key);
      keys++;
    }

    /** Notes that the next key has a value or may get one, or, with null, that there is none. */
    void passed(byte @Nullable [] key) {
      if (start != null) {
        synchronized (DeadStretches.this) {
          byte[] until = limit != null && isBelow(limit, end) ? limit : end;
          if (keys > 0 && isBelow(start, until)) {
            remember(start, until, keys);
          }
          at = key == null ? end : key;
        }
      }
      start = null;
      keys = 0;
    }

    /** Ends the walk. */
    @Override
    public void close() {
      passed(null);
      synchronized (DeadStretches.this) {
        walks.remove(this);
      }
    }
  }
}
