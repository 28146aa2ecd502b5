package dev.quarry.index.keys;

import dev.quarry.StoreClosedException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A key index on the heap: sorted runs of keys, each of one or several segments, merged when a
 * range is walked. It takes the bytes of the keys and 4 bytes for each, of live keys and of as many
 * dead ones at most, and is gone when it is closed.
 *
 * <p>A key that is in no use any more is dropped when a run is merged with another, and all of them
 * are when half of the keys have gone.
 */
public final class MemoryKeyIndex implements KeyIndex {

  private final Predicate<byte[]> isKnown;
  private final Map<Long, Long> fingerprints = new HashMap<>();
  private final SortedRuns runs = new SortedRuns();
  private long gone;
  private volatile boolean closed;

  /**
   * @param isKnown whether a key may have a value; one of a covered segment that may not never gets
   *     one again, but by a segment that is not covered yet
   */
  public MemoryKeyIndex(Predicate<byte[]> isKnown) {
    this.isKnown = isKnown;
  }

  @Override
  public synchronized boolean covers(long segmentId, long fingerprint) {
    checkOpen();
    return Objects.equals(fingerprints.get(segmentId), fingerprint);
  }

  @Override
  public synchronized void add(long segmentId, long fingerprint, SegmentKeys keys) {
    checkOpen();
    PackedKeys.Builder added = new PackedKeys.Builder();
    boolean[] isComplete = {true};
    keys.forEach(
        new KeySink() {
          @Override
          public void put(byte[] key) {
            checkOpen();
            added.add(key.clone(), PackedKeys.NO_PLACE);
          }

          @Override
          public void delete(byte[] key) {
            checkOpen(); // the key has no value, so the hash index knows better than this one
          }

          @Override
          public void leaveUncovered() {
            isComplete[0] = false;
          }
        });
    runs.add(added.build(), isKnown);
    if (isComplete[0]) {
      fingerprints.put(segmentId, fingerprint);
    }
  }

  @Override
  public synchronized void remove(long segmentId, SegmentKeys keys) {
    checkOpen();
    fingerprints.remove(segmentId);
    keys.forEach(
        new KeySink() {
          @Override
          public void put(byte[] key) {}

          @Override
          public void delete(byte[] key) {
            gone++;
          }
        });
    if (gone > runs.count() / 2) {
      gone = 0;
      runs.retain(isKnown);
    }
  }

  @Override
  public synchronized void retain(LongPredicate isSegment) {
    checkOpen();
    fingerprints.keySet().removeIf(id -> !isSegment.test(id));
  }

  @Override
  public KeyMerge iterate(byte @Nullable [] from, byte @Nullable [] to) {
    return new KeyMerge(runs().runs(), from, to);
  }

  /** The keys, as they are now, for a merge with others. */
  public SortedRuns runs() {
    checkOpen();
    return runs;
  }

  @Override
  public boolean replaceDamaged() {
    checkOpen();
    return false; // memory is not damaged
  }

  @Override
  public long memoryBytes() {
    return closed ? 0 : runs.memoryBytes();
  }

  @Override
  public void close() {
    closed = true;
  }

  private void checkOpen() {
    if (closed) {
      throw new StoreClosedException("the key index in memory is closed");
    }
  }
}
