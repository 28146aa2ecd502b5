package dev.quarry.index;

import static dev.quarry.index.BucketLayout.SLOTS;

import java.lang.invoke.VarHandle;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A fixed number of buckets in a list of chunks, searched by readers without a lock.
 *
 * <p>An entry is identified by the low half of its hash and a tag, the upper 32 bits of the high
 * half. It lives in one of two buckets, both chosen from those 96 bits alone, so that it can be
 * moved to its other bucket, or to a larger table, without anything from outside.
 *
 * <h2>The protocol between readers and writers</h2>
 *
 * <p>Every bucket is a sequence lock (Boehm, "Can seqlocks get along with programming language
 * memory models?", MSPC 2012). Writers of one table exclude one another by the shard's lock; only
 * they change entries, occupied bits and versions. Readers take no lock; all they ever write is a
 * visited bit.
 *
 * <ol>
 *   <li><b>A change</b> ({@link TableWriter}) makes the version odd by an atomic add, which also
 *       returns the visited bits as they stand; a release fence keeps the stores to the entry
 *       behind it. {@link #endWrite} stores the whole header, version even again, with release.
 *       While the version is odd no reader writes the header, so the plain overwrite loses no mark.
 *   <li><b>A lookup</b> reads the header with acquire, then the entry, then after an acquire fence
 *       the header again. If the version is even and the same, what lies between belongs together:
 *       a read that saw any store of a change is followed, across the two fences, by a look at the
 *       header that sees at least the odd version that preceded this store.
 *   <li><b>A move</b> makes both buckets odd, copies, ends the write of the destination and then
 *       that of the source: at any time the entry is in one of them or the bucket that lacks it has
 *       another version than before. A <b>miss</b> looks at both buckets and then once more at the
 *       versions of both. Any move of the key's entry changes the version of its first bucket, so
 *       with this version unchanged the entry was not in the first bucket all along, and not in the
 *       second when that was read: it was absent at this moment.
 *   <li><b>A mark</b> is a compare-and-set of the header that the lookup validated. It fails if the
 *       bucket changed in any way, or belongs to another table by now, because versions never go
 *       back ({@link ChunkPool}); then the lookup starts again. It can therefore not land on an
 *       entry other than the one read, nor on a newer record of the same key.
 *   <li><b>Growth</b> copies to a new table, publishes it, <em>retires</em> this one and only then
 *       lets its chunks go. A reader that saw anything a later owner of a chunk wrote finds this
 *       table retired when it looks after its acquire fence, and starts again with the new table.
 *       Readers are not held up while the copy is made. A mark set during the copy may be lost.
 * </ol>
 *
 * <p>Rejected: one version per shard (each write would disturb every reader of the shard), and a
 * compare-and-set per entry without versions (an entry is 24 bytes and cannot change at once).
 */
final class Table {

  /** What a lookup returns when a writer was in its way; no location is negative. */
  static final long RETRY = -1;

  static final int BUCKETS_PER_CHUNK = ChunkPool.CHUNK_BYTES / BucketLayout.BUCKET_BYTES;

  private static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(BUCKETS_PER_CHUNK);
  private static final int BUCKET_SHIFT = Integer.numberOfTrailingZeros(BucketLayout.BUCKET_BYTES);
  private static final long LOW_32 = 0xFFFF_FFFFL;

  /** The table of every shard that never had an entry: never written, and never retired. */
  static final Table EMPTY =
      new Table(new UnsafeBuffer[] {new UnsafeBuffer(new byte[ChunkPool.CHUNK_BYTES])});

  private final UnsafeBuffer[] chunks;
  private final int buckets;

  private volatile boolean retired;

  Table(UnsafeBuffer[] chunks) {
    this.chunks = chunks;
    this.buckets = chunks.length * BUCKETS_PER_CHUNK;
  }

  UnsafeBuffer[] chunks() {
    return chunks;
  }

  int buckets() {
    return buckets;
  }

  int slots() {
    return buckets * SLOTS;
  }

  /** Says that this table is no longer the shard's; called after the new one is published. */
  void retire() {
    retired = true;
  }

  /** Looks an entry up: its location, {@link Location#NONE}, or {@link #RETRY}. */
  long get(long low, int tag) {
    return lookup(low, tag, false);
  }

  /** Looks an entry up as {@link #get} does, and sets its visited bit. */
  long getAndMark(long low, int tag) {
    return lookup(low, tag, true);
  }

  private long lookup(long low, int tag, boolean mark) {
    long mix = mix(low, tag);
    int first = firstBucket(mix);
    long firstHeader = header(first);
    int slot = slotOf(first, firstHeader, low, tag);
    if (slot < SLOTS) {
      return hit(first, slot, firstHeader, mark);
    }
    int second = secondBucket(mix, first);
    long secondHeader = header(second);
    slot = slotOf(second, secondHeader, low, tag);
    if (slot < SLOTS) {
      return hit(second, slot, secondHeader, mark);
    }
    VarHandle.acquireFence();
    boolean valid = isUnchanged(first, firstHeader) && isUnchanged(second, secondHeader);
    return valid && !retired ? Location.NONE : RETRY;
  }

  private long hit(int bucket, int slot, long header, boolean mark) {
    long location = location(bucket, slot);
    VarHandle.acquireFence();
    if (!isUnchanged(bucket, header) || retired) {
      return RETRY;
    }
    if (mark && !BucketLayout.isVisited(header, slot)) {
      long marked = BucketLayout.withVisited(header, slot, true);
      return compareAndSetHeader(bucket, header, marked) ? location : RETRY;
    }
    return location;
  }

  boolean isUnchanged(int bucket, long header) {
    return !BucketLayout.isBeingWritten(header) && BucketLayout.sameVersion(header, header(bucket));
  }

  /** The occupied slot of a bucket that holds this entry, or {@link BucketLayout#SLOTS}. */
  int slotOf(int bucket, long header, long low, int tag) {
    UnsafeBuffer chunk = chunk(bucket);
    int lows = at(bucket) + BucketLayout.LOWS;
    // All slots are compared without a branch, as which one matches cannot be predicted: bit 63 of
    // ~d & (d - 1) is set only for d = 0.
    long matches = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
      long difference = chunk.getLong(lows + slot * Long.BYTES) ^ low;
      matches |= ((~difference & (difference - 1)) >>> 63) << slot;
    }
    matches &= header;
    while (matches != 0) {
      int slot = Long.numberOfTrailingZeros(matches);
      if (tag(bucket, slot) == tag) {
        return slot;
      }
      matches &= matches - 1;
    }
    return SLOTS;
  }

  /**
   * Mixes the bits an entry is identified by (the finalizer of MurmurHash3), so that the choice of
   * buckets does not lean on which bits of the hash are good.
   */
  static long mix(long low, int tag) {
    long mix = low ^ (tag & LOW_32) * 0x9E37_79B9_7F4A_7C15L;
    mix = (mix ^ mix >>> 33) * 0xFF51_AFD7_ED55_8CCDL;
    mix = (mix ^ mix >>> 33) * 0xC4CE_B9FE_1A85_EC53L;
    return mix ^ mix >>> 33;
  }

  /**
   * The first bucket, by multiplication instead of division (Lemire, "Fast random integer
   * generation in an interval", 2019). It grows with the mix, so a larger table is filled in order.
   */
  int firstBucket(long mix) {
    return (int) (((mix >>> 32) * buckets) >>> 32);
  }

  /** The second bucket, never the first one. */
  int secondBucket(long mix, int first) {
    int second = first + 1 + (int) (((mix & LOW_32) * (buckets - 1)) >>> 32);
    return second < buckets ? second : second - buckets;
  }

  /** The bucket an entry may also be in. */
  int otherBucket(int bucket, int slot) {
    long mix = mix(low(bucket, slot), tag(bucket, slot));
    int first = firstBucket(mix);
    return first == bucket ? secondBucket(mix, first) : first;
  }

  /** Begins a change of a bucket and returns its header, which {@link #endWrite} takes back. */
  long beginWrite(int bucket) {
    long header =
        chunk(bucket).getAndAddLong(at(bucket) + BucketLayout.HEADER, BucketLayout.VERSION_STEP);
    VarHandle.releaseFence();
    return header;
  }

  /** Ends a change; the header is the one {@link #beginWrite} returned, with other bits. */
  void endWrite(int bucket, long header) {
    long next = header + 2 * BucketLayout.VERSION_STEP;
    chunk(bucket).putLongOrdered(at(bucket) + BucketLayout.HEADER, next);
  }

  long header(int bucket) {
    return chunk(bucket).getLongVolatile(at(bucket) + BucketLayout.HEADER);
  }

  boolean compareAndSetHeader(int bucket, long expected, long header) {
    return chunk(bucket).compareAndSetLong(at(bucket) + BucketLayout.HEADER, expected, header);
  }

  long low(int bucket, int slot) {
    return chunk(bucket).getLong(at(bucket) + BucketLayout.LOWS + slot * Long.BYTES);
  }

  int tag(int bucket, int slot) {
    return chunk(bucket).getInt(at(bucket) + BucketLayout.TAGS + slot * Integer.BYTES);
  }

  void putIdentity(int bucket, int slot, long low, int tag) {
    chunk(bucket).putLong(at(bucket) + BucketLayout.LOWS + slot * Long.BYTES, low);
    chunk(bucket).putInt(at(bucket) + BucketLayout.TAGS + slot * Integer.BYTES, tag);
  }

  long location(int bucket, int slot) {
    return chunk(bucket).getLong(at(bucket) + BucketLayout.LOCATIONS + slot * Long.BYTES);
  }

  void putLocation(int bucket, int slot, long location) {
    chunk(bucket).putLong(at(bucket) + BucketLayout.LOCATIONS + slot * Long.BYTES, location);
  }

  long length(int bucket, int slot) {
    return chunk(bucket).getInt(at(bucket) + BucketLayout.LENGTHS + slot * Integer.BYTES) & LOW_32;
  }

  void putLength(int bucket, int slot, long length) {
    chunk(bucket).putInt(at(bucket) + BucketLayout.LENGTHS + slot * Integer.BYTES, (int) length);
  }

  private UnsafeBuffer chunk(int bucket) {
    return chunks[bucket >>> CHUNK_SHIFT];
  }

  private static int at(int bucket) {
    return (bucket & BUCKETS_PER_CHUNK - 1) << BUCKET_SHIFT;
  }
}
