package dev.quarry.benchmarks.replay;

import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.index.ShardedIndex;
import dev.quarry.index.Verdict;
import dev.quarry.index.sieve.EvictionQueue;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.index.sieve.GraceZone;
import dev.quarry.index.sieve.Sieve;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The eviction policy and the index of a store without the store: a cache of so many objects, each
 * of size 1, of which one is evicted at a time.
 *
 * <p>The log is two arrays of hashes, in the order in which objects came. When they are full, the
 * dead ones are taken out; the others keep their order.
 */
final class PolicyCache implements Cache, EvictionQueue {

  /** The arrays of a log twice as long, and twice as long again, are still arrays. */
  static final int MOST_OBJECTS = 1 << 28;

  private static final int FIRST_LENGTH = 1024;

  /** The index is told the number of a record as its offset in this one segment. */
  private static final int SEGMENT = 1;

  private final int capacity;
  private final int grace;
  private final @Nullable Ghost ghost;
  private final Sieve sieve = new Sieve(this);
  private final ShardedIndex index = new ShardedIndex();
  private final KeyHash keyHash = new Xxh3KeyHash(0);

  private final long[] hash = new long[2];
  private final Replaced replaced = new Replaced();

  private long[] lows = new long[FIRST_LENGTH];
  private long[] highs = new long[FIRST_LENGTH];
  private int end;
  private int hand = -1;
  private int live;

  PolicyCache(int capacity, Policy policy) {
    this.capacity = capacity;
    boolean plain = policy == Policy.SIEVE;
    this.grace = plain ? 0 : (int) GraceZone.of(capacity);
    this.ghost = plain ? null : new Ghost(capacity, () -> live);
  }

  @Override
  public boolean request(byte[] key, long size) {
    keyHash.hash(key, hash);
    if (index.getAndMark(hash[0], hash[1]) != Location.NONE) {
      return true;
    }
    if (!sieve.evictWhile(() -> live >= capacity)) {
      throw new IllegalStateException("none of " + live + " objects could be evicted");
    }
    append(hash[0], hash[1], ghost != null && ghost.contains(hash[0], hash[1]));
    return false;
  }

  private void append(long low, long high, boolean visited) {
    if (end == lows.length) {
      makeRoom();
    }
    lows[end] = low;
    highs[end] = high;
    index.publish(low, high, location(end), 1, end, visited, (existing, s) -> true, replaced);
    end++;
    live++;
  }

  private void makeRoom() {
    if (live > lows.length / 2) {
      lows = Arrays.copyOf(lows, 2 * lows.length);
      highs = Arrays.copyOf(highs, 2 * highs.length);
    } else {
      takeOutDead();
    }
  }

  private void takeOutDead() {
    int kept = 0;
    int keptToHand = 0;
    for (int i = 0; i < end; i++) {
      if (index.relocate(lows[i], highs[i], location(i), location(kept))) {
        lows[kept] = lows[i];
        highs[kept] = highs[i];
        kept++;
      }
      if (i == hand) {
        keptToHand = kept;
      }
    }
    hand = keptToHand - 1;
    end = kept;
  }

  private static long location(int record) {
    return Location.pack(SEGMENT, (long) record * Location.ALIGNMENT, false);
  }

  /** Where the grace zone begins: all records in it are live, as the hand does not come there. */
  private int handEnd() {
    return end - grace;
  }

  @Override
  public boolean next() {
    if (hand + 1 >= handEnd()) {
      return false;
    }
    hand++;
    return true;
  }

  @Override
  public void toTail() {
    hand = -1;
  }

  @Override
  public Verdict examine() {
    Verdict verdict = index.evictUnlessVisited(lows[hand], highs[hand], location(hand), replaced);
    if (verdict == Verdict.EVICTED) {
      live--;
      if (ghost != null) {
        ghost.add(lows[hand], highs[hand], replaced.length());
      }
    }
    return verdict;
  }

  @Override
  public boolean atEnd() {
    while (hand + 1 < handEnd() && !isLive(hand + 1)) {
      hand++;
    }
    return hand + 1 >= handEnd();
  }

  private boolean isLive(int record) {
    return index.get(lows[record], highs[record]) == location(record);
  }
}
