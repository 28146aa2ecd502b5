package dev.quarry.index;

import java.util.function.LongPredicate;

/**
 * A shard of one chunk in which three keys share full buckets, so that publishing one of them moves
 * another about.
 *
 * <p>Keys 0 and 1 belong to buckets A and B, both full. {@link #WANDERER} is in A, its second
 * bucket, in the slot that is tried first; its first bucket C has room again.
 */
final class CrowdedShard {

  static final int WANDERER = 2;

  static final int TAG = 7;

  private static final int A = 10;
  private static final int B = 50;
  private static final int C = 90;

  private static final Table ADDRESSING = new Table(new ChunkPool(1).take(1));

  private static final long[] PAIR = find(2, A, B);

  /** Low halves of the keys' hashes. */
  static final long[] LOWS = {PAIR[0], PAIR[1], find(1, C, A)[0]};

  private static final long[] FILL_A = findElsewhere(4, A);
  private static final long[] FILL_B = findElsewhere(5, B);
  private static final long[] FILL_C = findElsewhere(5, C);

  private CrowdedShard() {}

  static Shard create() {
    Shard shard = new Shard(new ChunkPool(1), 0);
    publish(shard, FILL_C);
    publish(shard, LOWS[WANDERER]);
    publish(shard, FILL_A);
    publish(shard, FILL_B);
    shard.removeIf(FILL_C[0], TAG, location(WANDERER, 1), new Replaced());
    return shard;
  }

  /** Where the record of a key with this version is. */
  static long location(int key, int version) {
    return Location.pack(version, key * 8L, false);
  }

  private static void publish(Shard shard, long... lows) {
    for (long low : lows) {
      long location = location(WANDERER, 1);
      shard.publish(low, TAG, location, 1, 1, false, (existing, s) -> true, new Replaced());
    }
  }

  private static long[] find(int count, int first, int second) {
    return find(count, low -> first(low) == first && second(low) == second);
  }

  private static long[] findElsewhere(int count, int first) {
    return find(
        count,
        low -> first(low) == first && second(low) != A && second(low) != B && second(low) != C);
  }

  private static long[] find(int count, LongPredicate wanted) {
    long[] found = new long[count];
    long low = 0;
    for (int i = 0; i < count; i++) {
      do {
        low++;
      } while (!wanted.test(low));
      found[i] = low;
    }
    return found;
  }

  private static int first(long low) {
    return ADDRESSING.firstBucket(Table.mix(low, TAG));
  }

  private static int second(long low) {
    return ADDRESSING.secondBucket(Table.mix(low, TAG), first(low));
  }
}
