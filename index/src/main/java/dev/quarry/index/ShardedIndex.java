package dev.quarry.index;

/**
 * Maps the 128-bit hash of a key to the place of its newest record, outside the heap.
 *
 * <p>An entry holds the {@link Location} of a record, its length and a visited bit. The hash is
 * passed in two halves; of these the index keeps the low half and, of the high half, the upper 32
 * bits and the lowest 8, which choose the shard. Keys that agree in these 104 bits are one key to
 * it, so the caller compares the key in the record.
 *
 * <p>Thread-safe. {@link #get} and {@link #getAndMark} take no lock and allocate nothing; the other
 * methods lock one shard of 256. Interrupts have no effect. Memory grows by about an eighth of a
 * shard at a time and never shrinks; it is left to the garbage collector together with the index,
 * so that no use of the index can touch unmapped memory.
 *
 * <p>Without memory to grow, the index takes entries for as long as they find a place. Then a
 * method that adds one throws {@link OutOfMemoryError}, and the index is as it was. A caller that
 * cannot have that asks for room first ({@link #prepare}).
 */
public final class ShardedIndex {

  /** The largest length an entry can hold, in bytes. */
  public static final long MAX_LENGTH = 0xFFFF_FFFFL;

  private static final int SHARDS = 256;

  /** Entries of a shard whose table has one chunk, with hashes as uneven as they come. */
  private static final int ENTRIES_PER_CHUNK = 500;

  private final ChunkPool pool = new ChunkPool();
  private final Shard[] shards = new Shard[SHARDS];

  /** Creates an empty index; its first entries take up to four MiB of direct memory. */
  public ShardedIndex() {
    this(0);
  }

  /**
   * Creates an empty index that takes so many entries practically without growing, which is where
   * most of the time goes when an index is filled from nothing.
   *
   * @param expectedEntries entries about to be published, from 0
   * @throws IllegalArgumentException if negative
   */
  public ShardedIndex(long expectedEntries) {
    if (expectedEntries < 0) {
      throw new IllegalArgumentException("expected entries " + expectedEntries + " is negative");
    }
    for (int i = 0; i < SHARDS; i++) {
      shards[i] = new Shard(pool, expectedEntries / SHARDS);
    }
  }

  /**
   * The most bytes of memory that an index takes while it grows from nothing to so many entries.
   */
  public static long bytesFor(long entries) {
    if (entries <= SHARDS) {
      return ChunkPool.bytesFor(entries);
    }
    long chunksPerShard = 1 + entries / ((long) SHARDS * ENTRIES_PER_CHUNK);
    long spare = chunksPerShard == 1 ? 0 : chunksPerShard / 2; // a shard that grows has two tables
    return ChunkPool.bytesFor(SHARDS * (chunksPerShard + spare));
  }

  /** The location of a key's newest record, tombstones included, or {@link Location#NONE}. */
  public long get(long low, long high) {
    return shard(high).get(low, tag(high));
  }

  /**
   * Looks a key up as {@link #get} does and sets the visited bit of the entry it read.
   *
   * <p>The bit of a later record, or of another key, is never set instead. The mark may be lost if
   * the shard grows at the same time.
   */
  public long getAndMark(long low, long high) {
    return shard(high).getAndMark(low, tag(high));
  }

  /**
   * Makes room for another entry where a key belongs, unless there is some.
   *
   * @param high the high half of the key's hash
   * @throws OutOfMemoryError if there is no memory for it; then nothing has changed
   */
  public void prepare(long high) {
    shard(high).prepare();
  }

  /**
   * Makes a record the newest of its key, unless the index holds one it does not supersede. Readers
   * go from the old record to the new one with nothing between.
   *
   * @param location where the record is
   * @param length its length in bytes, 0 to {@link #MAX_LENGTH}
   * @param sequence its sequence number, passed on to the rule
   * @param visited the visited bit the entry has from now on
   * @param rule asked whether the record supersedes the one the index holds, if there is one
   * @param out set to the record replaced, or to nothing
   * @return whether the index points at the record now
   * @throws IllegalArgumentException if location or length is out of range
   * @throws IllegalStateException if the hashes are so uneven that no room can be made
   */
  public boolean publish(
      long low,
      long high,
      long location,
      long length,
      long sequence,
      boolean visited,
      Supersedes rule,
      Replaced out) {
    requireLocation(location);
    if (length < 0 || length > MAX_LENGTH) {
      throw new IllegalArgumentException("length " + length + " is not from 0 to " + MAX_LENGTH);
    }
    return shard(high).publish(low, tag(high), location, length, sequence, visited, rule, out);
  }

  /**
   * Points an entry elsewhere if it still points where the caller thinks. Length and visited bit
   * stay.
   *
   * @return whether it did
   * @throws IllegalArgumentException if {@code to} is not a location, or only one of the two is a
   *     tombstone's
   */
  public boolean relocate(long low, long high, long from, long to) {
    requireLocation(to);
    if (Location.isTombstone(from) != Location.isTombstone(to)) {
      throw new IllegalArgumentException("a move cannot make or unmake a tombstone");
    }
    return shard(high).relocate(low, tag(high), from, to);
  }

  /**
   * Removes an entry if it points exactly there.
   *
   * @param out set to the record removed, or to nothing
   * @return whether it did
   */
  public boolean removeIf(long low, long high, long expectedLocation, Replaced out) {
    return shard(high).removeIf(low, tag(high), expectedLocation, out);
  }

  /**
   * Removes an entry if it points exactly there and is not visited; clears its visited bit if it
   * is. To readers that is one step: a record whose mark came first is spared (but for a mark lost
   * to growth, see {@link #getAndMark}), and a lookup that comes later finds nothing.
   *
   * @param expectedLocation where the record is; not the location of a tombstone
   * @param out set to the record evicted, or to nothing
   * @throws IllegalArgumentException if the location is a tombstone's
   */
  public Verdict evictUnlessVisited(long low, long high, long expectedLocation, Replaced out) {
    if (Location.isTombstone(expectedLocation)) {
      throw new IllegalArgumentException("a tombstone cannot be evicted");
    }
    return shard(high).evictUnlessVisited(low, tag(high), expectedLocation, out);
  }

  /**
   * Passes the entries on, shard by shard.
   *
   * <p>Every shard is copied under its lock and its entries are passed on without it, so the
   * consumer may call the index and take its time. An entry that is in the index during the whole
   * scan is seen exactly once; of one that changes meanwhile, at most one state is seen. The copy
   * takes heap memory for the duration of the scan, about 1/256 of {@link #memoryBytes}.
   */
  public void forEach(EntryConsumer consumer) {
    ShardCopy copy = new ShardCopy();
    for (int i = 0; i < SHARDS; i++) {
      shards[i].copyTo(copy);
      copy.forEach(i, consumer);
    }
  }

  /** The number of entries, tombstones included; exact while no other thread changes the index. */
  public long size() {
    long size = 0;
    for (Shard shard : shards) {
      size += shard.entries();
    }
    return size;
  }

  /** The number of entries that are tombstones, as exact as {@link #size}. */
  public long tombstones() {
    long tombstones = 0;
    for (Shard shard : shards) {
      tombstones += shard.tombstones();
    }
    return tombstones;
  }

  /** All off-heap memory the index has taken, in bytes, unused chunks and padding included. */
  public long memoryBytes() {
    return pool.memoryBytes();
  }

  private Shard shard(long high) {
    return shards[(int) high & SHARDS - 1];
  }

  /** The part of the high half that an entry keeps. */
  private static int tag(long high) {
    return (int) (high >>> 32);
  }

  private static void requireLocation(long location) {
    if (Location.segment(location) < 1) {
      throw new IllegalArgumentException("not a location: " + Long.toHexString(location));
    }
  }
}
