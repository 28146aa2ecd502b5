package dev.quarry;

import dev.quarry.segment.Batch;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;

/**
 * The shadows that dying records cast: what a compaction is about to drop, and must not without a
 * trace as long as an older record of the same key is left, which would come back to life.
 *
 * <p>Of each key there is one, that of its highest sequence number; it says that every record of
 * the key up to there is dead. Not safe for use by several threads.
 */
final class Shadows {

  private static final long NONE = -1;

  /** The first shadow of each low half of a hash; those of other keys with the same are chained. */
  private final Long2LongHashMap byLow = new Long2LongHashMap(NONE);

  private final LongArrayList lows = new LongArrayList();
  private final LongArrayList highs = new LongArrayList();
  private final LongArrayList sequences = new LongArrayList();
  private final LongArrayList lengths = new LongArrayList();
  private final LongArrayList chain = new LongArrayList();
  private final LongArrayList needed = new LongArrayList();
  private int neededCount;
  private boolean provisional;
  private long highestSequence;

  /**
   * Adds a dying record's shadow.
   *
   * @param length of the record if it was evicted, else 0
   */
  void add(long low, long high, long sequence, long length) {
    highestSequence = Math.max(highestSequence, sequence);
    long at = find(low, high);
    if (at == NONE) {
      chain.addLong(byLow.put(low, lows.size()));
      lows.addLong(low);
      highs.addLong(high);
      sequences.addLong(sequence);
      lengths.addLong(length);
      needed.addLong(0);
    } else if (sequence > sequences.getLong((int) at)) {
      sequences.setLong((int) at, sequence);
      lengths.setLong((int) at, length);
    }
  }

  private long find(long low, long high) {
    long at = byLow.get(low);
    while (at != NONE && highs.getLong((int) at) != high) {
      at = chain.getLong((int) at);
    }
    return at;
  }

  /**
   * Notes that there is a record elsewhere, which a shadow of its key with that number or a higher
   * one hides: the shadow of an eviction has the number of the record that was evicted.
   */
  void meet(long low, long high, long sequence) {
    long at = find(low, high);
    if (at != NONE && sequence <= sequences.getLong((int) at)) {
      require((int) at);
    }
  }

  /** Notes that there may be a record of any key elsewhere, with any number from one on. */
  void meetAnything(long lowestSequence) {
    for (int i = 0; i < lows.size(); i++) {
      if (lowestSequence <= sequences.getLong(i)) {
        require(i);
      }
    }
  }

  /** Notes that what was met last will be known better, so that it is worth to look again. */
  void setProvisional() {
    provisional = true;
  }

  /** Whether some are needed only as long as nothing better is known. */
  boolean isProvisional() {
    return provisional;
  }

  private void require(int at) {
    if (needed.getLong(at) == 0) {
      needed.setLong(at, 1);
      neededCount++;
    }
  }

  /** No shadow hides a record with a higher number. */
  long highestSequence() {
    return highestSequence;
  }

  /** Whether it is known of every shadow that it is needed, so that there is no need to look on. */
  boolean areAllNeeded() {
    return neededCount == lows.size();
  }

  /** How many are needed. */
  int needed() {
    return neededCount;
  }

  /** Those that are needed, as the entries of batches of at most so many. */
  void forEachBatch(int mostEntries, BatchConsumer consumer) throws IOException {
    int left = neededCount;
    int at = 0;
    while (left > 0) {
      int entries = Math.min(left, mostEntries);
      ByteBuffer batch = Batch.allocate(entries);
      for (; batch.hasRemaining(); at++) {
        if (needed.getLong(at) != 0) {
          Batch.putEvicted(
              batch,
              lows.getLong(at),
              highs.getLong(at),
              lengths.getLong(at),
              sequences.getLong(at));
        }
      }
      consumer.accept(batch.flip());
      left -= entries;
    }
  }

  /** Takes the entries of a batch. */
  @FunctionalInterface
  interface BatchConsumer {
    void accept(ByteBuffer entries) throws IOException;
  }
}
