package dev.quarry.index.keys;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A growing set of keys as a few sorted runs, the long ones first. A run that is added is merged
 * with those that are not much longer, so that there are about as many runs as the number of keys
 * has digits, and a key is copied as often.
 *
 * <p>For one thread that changes them; {@link #runs} may be called by any.
 */
public final class SortedRuns {

  /** A run is merged with the one before it if that is less than so many times as long. */
  private static final int RATIO = 4;

  /** The most bytes of a run that comes of a merge, so that none takes much room meanwhile. */
  private static final long MAX_RUN_BYTES = 256L << 20;

  private volatile List<PackedKeys> runs = List.of();

  /** Adds keys. */
  public void add(PackedKeys added) {
    add(added, key -> true);
  }

  /**
   * Adds keys, and takes the chance to drop others.
   *
   * @param keep asked about every key that is copied
   */
  void add(PackedKeys added, Predicate<byte[]> keep) {
    List<PackedKeys> changed = new ArrayList<>(runs);
    PackedKeys run = added;
    while (!changed.isEmpty() && mergesWith(changed.get(changed.size() - 1), run)) {
      run = PackedKeys.merge(changed.remove(changed.size() - 1), run, keep);
    }
    if (run.count() > 0) {
      changed.add(run);
    }
    runs = List.copyOf(changed);
  }

  private static boolean mergesWith(PackedKeys before, PackedKeys run) {
    return before.count() / RATIO < run.count()
        && before.memoryBytes() + run.memoryBytes() <= MAX_RUN_BYTES;
  }

  /** Drops keys that are not wanted any more. */
  void retain(Predicate<byte[]> keep) {
    PackedKeys none = new PackedKeys.Builder().build();
    runs =
        runs.stream()
            .map(run -> PackedKeys.merge(run, none, keep))
            .filter(run -> run.count() > 0)
            .toList();
  }

  /** The runs as they are now; immutable. */
  public List<PackedKeys> runs() {
    return runs;
  }

  /** The number of keys, those that are in several runs counted as often. */
  long count() {
    return runs.stream().mapToLong(PackedKeys::count).sum();
  }

  /** Bytes of heap. */
  public long memoryBytes() {
    return runs.stream().mapToLong(PackedKeys::memoryBytes).sum();
  }
}
