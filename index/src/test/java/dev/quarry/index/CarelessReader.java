package dev.quarry.index;

/**
 * Looks entries up as {@link Table} does, each with one precaution left out: bugs that the tests of
 * concurrency must catch.
 */
enum CarelessReader {
  /** Does not look at the version again after a hit. */
  TRUSTS_HITS,
  /** Does not look at the versions again after a miss. */
  TRUSTS_MISSES,
  /** Marks the slot even if the bucket has changed. */
  MARKS_BLINDLY;

  long get(Shard shard, long low, int tag) {
    Table table = shard.table();
    long mix = Table.mix(low, tag);
    int first = table.firstBucket(mix);
    int second = table.secondBucket(mix, first);
    while (true) {
      long firstHeader = table.header(first);
      long location = probe(table, first, low, tag);
      if (location == Location.NONE) {
        long secondHeader = table.header(second);
        location = probe(table, second, low, tag);
        boolean valid =
            table.isUnchanged(first, firstHeader) && table.isUnchanged(second, secondHeader);
        if (location == Location.NONE && !valid && this != TRUSTS_MISSES) {
          continue;
        }
      }
      if (location != Table.RETRY) {
        return location;
      }
    }
  }

  private long probe(Table table, int bucket, long low, int tag) {
    long header = table.header(bucket);
    int slot = table.slotOf(bucket, header, low, tag);
    if (slot == BucketLayout.SLOTS) {
      return Location.NONE;
    }
    long location = table.location(bucket, slot);
    if (this != TRUSTS_HITS && !table.isUnchanged(bucket, header)) {
      return Table.RETRY;
    }
    if (this == MARKS_BLINDLY) {
      mark(table, bucket, slot);
    }
    return location;
  }

  private static void mark(Table table, int bucket, int slot) {
    long header;
    do {
      header = table.header(bucket);
    } while (!table.compareAndSetHeader(
        bucket, header, BucketLayout.withVisited(header, slot, true)));
  }

  /** Whether an entry in either bucket is visited, of which nothing is known a moment later. */
  static boolean isVisited(Shard shard, long low, int tag) {
    Table table = shard.table();
    long mix = Table.mix(low, tag);
    int first = table.firstBucket(mix);
    return isVisited(table, first, low, tag)
        || isVisited(table, table.secondBucket(mix, first), low, tag);
  }

  private static boolean isVisited(Table table, int bucket, long low, int tag) {
    long header = table.header(bucket);
    int slot = table.slotOf(bucket, header, low, tag);
    return slot < BucketLayout.SLOTS && BucketLayout.isVisited(header, slot);
  }
}
