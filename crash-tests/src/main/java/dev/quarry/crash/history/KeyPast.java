package dev.quarry.crash.history;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one key was given, and which of it may be found. One thread at a time writes the key, any
 * number read it.
 *
 * <p>Versions are counted from 0, which is that there is none; a deletion is a version without a
 * value. Of the versions
 *
 * <ul>
 *   <li>the newest that was <b>attempted</b> may be found by a reader, as what was acknowledged, or
 *       seen by a reader, may not be taken back,
 *   <li>after a crash anything from the <b>floor</b> to what was attempted: in a durable store the
 *       floor is what was acknowledged or seen, in a cache what was at the last sync.
 * </ul>
 *
 * <p>A cache may lose what is above the floor without a trace, and evict anything; what it has lost
 * does not come back while it runs.
 */
final class KeyPast {

  private final int number;
  private final boolean cache;
  private final List<byte @Nullable []> versions = new ArrayList<>(Collections.singletonList(null));

  /** Held by a reader until it has judged what it found, so that they do so in their order. */
  final Object readers = new Object();

  /** Values that were refused; one that is on its way may be found after a crash. */
  private final List<byte @Nullable []> refused = new ArrayList<>();

  private int acknowledged;
  private int floor;

  /** Of a cache: whether the newest version is there as far as is known. */
  private boolean present = true;

  private long evictions;
  private long evictionsWhenFound;

  KeyPast(int number, boolean cache) {
    this.number = number;
    this.cache = cache;
  }

  /**
   * Bounds of what a crash may leave, as of some moment.
   *
   * @param floor the oldest version that may be found
   * @param refusals before that moment
   * @param mayBeGone whether nothing may be found
   */
  record Bounds(int floor, int refusals, boolean mayBeGone) {}

  synchronized void attempt(byte @Nullable [] value) {
    versions.add(value);
  }

  /**
   * The attempt was refused, and nothing of it may ever be seen.
   *
   * @param mayBeGone whether a reader that took the deletion for done may have been right to find
   *     no value; then it counts as done
   */
  synchronized void withdraw(boolean mayBeGone) {
    int newest = versions.size() - 1;
    if (!mayBeGone || acknowledged < newest) {
      refused.add(versions.remove(newest));
    }
  }

  /**
   * The attempt was acknowledged.
   *
   * @param evictionsBefore it was made
   */
  synchronized void acknowledge(long evictionsBefore) {
    acknowledged = versions.size() - 1;
    floor = cache ? floor : acknowledged;
    present = true;
    evictionsWhenFound = evictionsBefore;
  }

  synchronized long evictions() {
    return evictions;
  }

  synchronized void evicted() {
    evictions++;
  }

  /** Whether there may be a value, as far as is known. */
  synchronized boolean maybePresent() {
    return present && versions.get(acknowledged) != null;
  }

  /** Whether it was evicted since it was last found. */
  synchronized boolean isEvicted() {
    return evictions > evictionsWhenFound;
  }

  /**
   * What is known before a reader looks.
   *
   * @param from the newest version that was acknowledged
   * @param present whether it may be there
   * @param evictions so far
   * @param evictionsWhenFound how many there were when it was last found
   */
  record Look(int from, boolean present, long evictions, long evictionsWhenFound) {}

  synchronized Look look() {
    return new Look(acknowledged, present, evictions, evictionsWhenFound);
  }

  /**
   * Compares what a reader found with what there may be.
   *
   * @param before it looked
   * @param mayBeGone for another reason than eviction
   * @return what is wrong; null if nothing
   */
  synchronized @Nullable String read(byte @Nullable [] found, Look before, boolean mayBeGone) {
    if (found == null && !present) {
      return null;
    }
    int version = oldestLike(found, before.from());
    if (version >= 0) {
      if (!present && version == acknowledged && !mayBeGone) {
        return "came back by itself";
      }
      see(version, before.evictions());
      return null;
    }
    if (found != null) {
      return "has " + describe(found) + ", not version " + before.from() + " or a newer one";
    }
    boolean wasGone = !before.present() || evictions > before.evictionsWhenFound();
    if (cache && acknowledged > before.from() && wasGone) {
      return null; // it was put again since the reader looked
    }
    if (mayBeGone || (cache && isEvicted())) {
      present = false;
      return null;
    }
    return "is gone" + (cache ? " and was not evicted" : "");
  }

  private void see(int version, long evictionsBefore) {
    if (version >= acknowledged) {
      acknowledged = version;
      floor = cache ? floor : version;
      present = true;
      evictionsWhenFound = evictionsBefore;
    }
  }

  /** What is there is durable from now on. */
  synchronized void synced() {
    if (present) {
      floor = acknowledged;
    }
  }

  synchronized Bounds bounds() {
    boolean lasting = present && floor == versions.size() - 1;
    return new Bounds(floor, refused.size(), cache && (isEvicted() || !lasting));
  }

  /**
   * Compares what was found after a crash with what there may be.
   *
   * @param before the bounds before the crash; what was attempted since then counts as well
   * @return what is wrong; null if nothing
   */
  synchronized @Nullable String afterCrash(
      byte @Nullable [] found, Bounds before, boolean mayBeGone) {
    if (newestLike(found, before.floor()) >= 0 || wasRefusedSince(before, found)) {
      return null;
    }
    if (found != null) {
      return "has " + describe(found) + " after a crash, not " + before.floor() + " or a newer one";
    }
    boolean gone = mayBeGone || before.mayBeGone() || bounds().mayBeGone();
    return gone ? null : "is gone after a crash; it had version " + before.floor();
  }

  /**
   * The store goes on with what was found after a crash.
   *
   * @param evictionsBefore it was looked for
   */
  synchronized void restart(byte @Nullable [] found, long evictionsBefore) {
    int version = newestLike(found, floor);
    if (found == null && (cache || version < 0)) {
      present = false;
      return;
    }
    versions.subList(version + 1, versions.size()).clear();
    acknowledged = version;
    floor = version;
    present = true;
    evictionsWhenFound = evictionsBefore;
  }

  private boolean wasRefusedSince(Bounds before, byte @Nullable [] found) {
    return refused.subList(before.refusals(), refused.size()).stream()
        .anyMatch(value -> Arrays.equals(value, found));
  }

  /** Of deletions one after the other the first: the others may yet be withdrawn. */
  private int oldestLike(byte @Nullable [] found, int from) {
    for (int i = from; i < versions.size(); i++) {
      if (Arrays.equals(versions.get(i), found)) {
        return i;
      }
    }
    return -1;
  }

  private int newestLike(byte @Nullable [] found, int from) {
    for (int i = versions.size() - 1; i >= from; i--) {
      if (Arrays.equals(versions.get(i), found)) {
        return i;
      }
    }
    return -1;
  }

  private String describe(byte @Nullable [] found) {
    int version = newestLike(found, 0);
    String size = found == null ? "nothing" : found.length + " bytes";
    return version >= 0 ? "version " + version : size + " that it was never given";
  }

  @Override
  public synchronized String toString() {
    return "key "
        + number
        + " ("
        + (versions.size() - 1)
        + " attempted, "
        + acknowledged
        + " acknowledged, floor "
        + floor
        + (present ? ")" : ", gone)");
  }
}
