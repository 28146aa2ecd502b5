package dev.quarry.crash.process;

import dev.quarry.StoreMode;
import java.util.TreeMap;

/**
 * What is known of one key's past, and so which versions a store may hold after a kill.
 *
 * <ul>
 *   <li>Durable: the newest that was acknowledged, or one that was begun later; not one that is
 *       older than what was read.
 *   <li>Cache: also one before that, back to the newest of which a later sync was acknowledged. The
 *       key may be absent if it was evicted; and if something newer than the synced version was
 *       begun, as that may have replaced it and then be lost.
 * </ul>
 */
final class KeyPast {

  private final StoreMode mode;

  /** The versions that may be there, each with whether it is the absence of a value. */
  private final TreeMap<Long, Boolean> candidates = new TreeMap<>();

  private long begun;
  private long acknowledged;
  private long read;
  private boolean evicted;
  private boolean evictedSinceBegun;

  KeyPast(StoreMode mode) {
    this.mode = mode;
    candidates.put(0L, true);
  }

  /** The version that was begun last. */
  long begun() {
    return begun;
  }

  /** A process begins, in which a sync is no word on what an earlier one had not synced. */
  void restart() {
    acknowledged = candidates.firstKey();
  }

  /** The newest version that a sync which begins now will have put on disk. */
  long acknowledged() {
    return acknowledged;
  }

  /** Whether one of the versions is sure to be there, or sure not to be. */
  boolean isCertain() {
    return candidates.size() == 1 && !evicted;
  }

  void begin(long version, boolean delete) {
    if (version != begun + 1) {
      throw new IllegalStateException("version " + version + " follows " + begun);
    }
    begun = version;
    evictedSinceBegun = false;
    candidates.put(version, delete);
  }

  void acknowledge(long version) {
    acknowledged = version;
    evicted = evictedSinceBegun;
    if (mode == StoreMode.DURABLE) {
      forgetBefore(version);
    }
  }

  void refuse(long version) {
    candidates.remove(version);
  }

  void read(long version) {
    read = Math.max(read, version);
  }

  void evict() {
    evicted = true;
    evictedSinceBegun = true;
  }

  /** Takes note that what had been acknowledged when a sync began is now on disk. */
  void synced(long version) {
    forgetBefore(version);
  }

  private void forgetBefore(long version) {
    candidates.headMap(version).clear();
  }

  /** What is wrong if a version is found; empty if nothing is. */
  String faultOf(long version) {
    boolean allowed = Boolean.FALSE.equals(candidates.get(version));
    return allowed && !isBeforeRead(version) ? "" : "has version " + version + ", not one of ";
  }

  /** What is wrong if no value is found; empty if nothing is. */
  String faultOfAbsence() {
    boolean lossy = mode == StoreMode.CACHE && (evicted || candidates.size() > 1);
    boolean allowed =
        lossy
            || candidates.entrySet().stream()
                .anyMatch(each -> each.getValue() && !isBeforeRead(each.getKey()));
    return allowed ? "" : "is lost, and should have one of ";
  }

  /** A cache may lose what was read. */
  private boolean isBeforeRead(long version) {
    return mode == StoreMode.DURABLE && version < read;
  }

  /** What was found is all there can be from now on. */
  void settle(long version) {
    candidates.clear();
    candidates.put(version, false);
    settle();
  }

  /** Nothing was found, and nothing older may come back. */
  void settleAbsent() {
    candidates.clear();
    candidates.put(begun, true);
    settle();
  }

  private void settle() {
    acknowledged = candidates.firstKey();
    read = 0;
    evicted = false;
  }

  @Override
  public String toString() {
    return candidates + (read > 0 ? ", read " + read : "") + (evicted ? ", evicted" : "");
  }
}
