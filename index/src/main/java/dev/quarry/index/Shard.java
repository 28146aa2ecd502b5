package dev.quarry.index;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One shard: a table, replaced by a larger one when it is full, and the operations on its entries.
 *
 * <p>Lookups take no lock. Changes exclude one another by this object's monitor, which an interrupt
 * does not disturb; it is held for a few hundred nanoseconds, or for as long as it takes to copy
 * the shard when it grows or is scanned. {@link Table} explains how the two go together.
 */
final class Shard {

  /** Above this load the table grows: an insertion would move one entry on average at 0.95. */
  private static final int MAX_LOAD_PERCENT = 93;

  /** A table grows by its size divided by this. */
  private static final int GROWTH_DIVISOR = 8;

  /** Attempts of a reader in a row before it lets another thread have its processor. */
  private static final int ATTEMPTS_BEFORE_YIELD = 64;

  private static final UnsafeBuffer[] NO_CHUNKS = {};

  private final ChunkPool pool;

  /** Written under the monitor; read by anyone. */
  private volatile Table table;

  @GuardedBy("this")
  private TableWriter writer;

  /** Entries that the table may hold; 0 while it is the one that all empty shards share. */
  @GuardedBy("this")
  private long capacity;

  @GuardedBy("this")
  private int entries;

  @GuardedBy("this")
  private int tombstones;

  /** Whether the next insertion must grow the table. Written under the monitor. */
  private volatile boolean full;

  /** Creates an empty shard with room for so many entries; with none, it takes no memory yet. */
  Shard(ChunkPool pool, long expectedEntries) {
    this.pool = pool;
    if (expectedEntries == 0) {
      this.table = Table.EMPTY;
    } else {
      long entriesPerChunk = maxEntries(Table.BUCKETS_PER_CHUNK * BucketLayout.SLOTS);
      this.table = new Table(pool.take(Math.toIntExact(expectedEntries / entriesPerChunk + 1)));
      this.capacity = maxEntries(table.slots());
    }
    this.writer = new TableWriter(table);
    this.full = capacity == 0;
  }

  /** See {@link ShardedIndex#get}. */
  long get(long low, int tag) {
    for (int attempt = 1; ; attempt++) {
      long location = table.get(low, tag);
      if (location != Table.RETRY) {
        return location;
      }
      pause(attempt);
    }
  }

  /** See {@link ShardedIndex#getAndMark}. */
  long getAndMark(long low, int tag) {
    for (int attempt = 1; ; attempt++) {
      long location = table.getAndMark(low, tag);
      if (location != Table.RETRY) {
        return location;
      }
      pause(attempt);
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // the writer waited for may have lost its processor
  private static void pause(int attempt) {
    if (attempt % ATTEMPTS_BEFORE_YIELD == 0) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
    }
  }

  /** See {@link ShardedIndex#prepare}. */
  void prepare() {
    if (full) {
      growIfFull();
    }
  }

  private synchronized void growIfFull() {
    if (entries >= capacity) {
      grow();
    }
    full = false;
  }

  /** See {@link ShardedIndex#publish}. */
  synchronized boolean publish(
      long low,
      int tag,
      long location,
      long length,
      long sequence,
      boolean visited,
      Supersedes rule,
      Replaced out) {
    out.clear();
    int place = writer.find(low, tag);
    if (place == TableWriter.ABSENT) {
      insert(low, tag, location, length, visited);
      entries++;
      full = entries >= capacity;
    } else {
      long existing = writer.location(place);
      if (!rule.supersedes(existing, sequence)) {
        return false;
      }
      out.set(existing, writer.length(place));
      writer.replace(place, location, length, visited);
      tombstones -= tombstone(existing);
    }
    tombstones += tombstone(location);
    return true;
  }

  /** See {@link ShardedIndex#relocate}. */
  synchronized boolean relocate(long low, int tag, long from, long to) {
    int place = findAt(low, tag, from);
    if (place == TableWriter.ABSENT) {
      return false;
    }
    writer.relocate(place, to);
    return true;
  }

  /** See {@link ShardedIndex#removeIf}. */
  synchronized boolean removeIf(long low, int tag, long expectedLocation, Replaced out) {
    out.clear();
    int place = findAt(low, tag, expectedLocation);
    if (place == TableWriter.ABSENT) {
      return false;
    }
    out.set(expectedLocation, writer.length(place));
    writer.remove(place);
    entries--;
    tombstones -= tombstone(expectedLocation);
    return true;
  }

  /** See {@link ShardedIndex#evictUnlessVisited}. */
  synchronized Verdict evictUnlessVisited(long low, int tag, long expectedLocation, Replaced out) {
    out.clear();
    int place = findAt(low, tag, expectedLocation);
    if (place == TableWriter.ABSENT) {
      return Verdict.ABSENT;
    }
    long length = writer.length(place);
    if (!writer.removeUnlessVisited(place)) {
      return Verdict.SPARED;
    }
    out.set(expectedLocation, length);
    entries--;
    return Verdict.EVICTED;
  }

  Table table() {
    return table;
  }

  synchronized int entries() {
    return entries;
  }

  synchronized int tombstones() {
    return tombstones;
  }

  /** Copies the whole shard, as it is at one moment but for visited bits. */
  synchronized void copyTo(ShardCopy copy) {
    copy.fill(entries == 0 ? NO_CHUNKS : table.chunks());
  }

  @GuardedBy("this")
  private int findAt(long low, int tag, long expectedLocation) {
    int place = writer.find(low, tag);
    boolean there = place != TableWriter.ABSENT && writer.location(place) == expectedLocation;
    return there ? place : TableWriter.ABSENT;
  }

  @GuardedBy("this")
  private void insert(long low, int tag, long location, long length, boolean visited) {
    if (entries >= capacity) {
      tryGrow();
    }
    while (!writer.insert(low, tag, location, length, visited)) {
      requireUniformHashes(table);
      grow();
    }
  }

  /** Without memory to grow, a table takes entries for as long as they find a place. */
  @GuardedBy("this")
  private void tryGrow() {
    try {
      grow();
    } catch (OutOfMemoryError e) {
      if (table == Table.EMPTY) {
        throw e;
      }
    }
  }

  @GuardedBy("this")
  private void grow() {
    Table old = table;
    TableWriter next = old == Table.EMPTY ? firstTable() : copyToLarger(old);
    writer = next;
    table = next.table();
    capacity = maxEntries(table.slots());
    if (old != Table.EMPTY) {
      old.retire();
      pool.release(old.chunks());
    }
  }

  private TableWriter firstTable() {
    return new TableWriter(new Table(pool.take(1)));
  }

  private TableWriter copyToLarger(Table old) {
    int chunks = old.chunks().length;
    while (true) {
      chunks += Math.max(1, (chunks + GROWTH_DIVISOR / 2) / GROWTH_DIVISOR);
      UnsafeBuffer[] memory = pool.take(chunks);
      boolean kept = false;
      try {
        TableWriter next = new TableWriter(new Table(memory));
        kept = copy(old, next);
        if (kept) {
          return next;
        }
      } finally {
        if (!kept) {
          pool.release(memory);
        }
      }
    }
  }

  private static boolean copy(Table from, TableWriter to) {
    for (int bucket = 0; bucket < from.buckets(); bucket++) {
      long header = from.header(bucket);
      for (int slot = 0; slot < BucketLayout.SLOTS; slot++) {
        if (BucketLayout.isOccupied(header, slot)
            && !to.insert(
                from.low(bucket, slot),
                from.tag(bucket, slot),
                from.location(bucket, slot),
                from.length(bucket, slot),
                BucketLayout.isVisited(header, slot))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Growing would go on without end if many entries had the same two buckets at every size. */
  @GuardedBy("this")
  private void requireUniformHashes(Table full) {
    if (entries < full.slots() / 2) {
      throw new IllegalStateException(
          "no room in a shard of "
              + full.slots()
              + " slots with "
              + entries
              + " entries: the hashes are not uniform");
    }
  }

  private static long maxEntries(long slots) {
    return slots * MAX_LOAD_PERCENT / 100;
  }

  private static int tombstone(long location) {
    return Location.isTombstone(location) ? 1 : 0;
  }
}
