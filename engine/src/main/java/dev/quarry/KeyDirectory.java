package dev.quarry;

import dev.quarry.bloom.BlockedBloomFilter;
import dev.quarry.bloom.StripedCounter;
import dev.quarry.bloom.SwappableBloomFilter;
import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.index.ShardedIndex;
import dev.quarry.index.Supersedes;
import dev.quarry.index.Verdict;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.segment.DirectMemoryError;
import dev.quarry.segment.DirectMemoryLimit;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which record is the newest of each key: the hash index, the bloom filter in front of it, and the
 * accounts of what is live.
 *
 * <p><b>Latest wins.</b> The index does not hold sequence numbers. Whether a record supersedes the
 * one the index points at is told by the segment of the latter, where all of it is older, and else
 * by the sequence number in the record itself. Ids and offsets decide nothing, so a record that
 * compaction moved, or a large value in a segment of its own, is judged like any other.
 *
 * <p><b>A tombstone stays in the index</b>, as an entry that leads to it, until no older record can
 * be published any more ({@link TombstoneSweeper}). So a delete that overtakes an older put of its
 * key is not undone by it.
 *
 * <p>Safe for use by any number of threads.
 */
final class KeyDirectory {

  /** Rebuilt when as many keys are gone, or the share let through is as many times the aim. */
  private static final int REBUILD_FACTOR = 2;

  /** Absent keys to be seen before the share of them that is let through means anything. */
  private static final long ENOUGH_MISSES = 100_000;

  // constant
  private final SegmentTable segments;
  private final KeyHash hasher;
  private final BlobStoreOptions options;
  private final Supersedes rule = this::supersedes;

  // self-synchronised
  private final ShardedIndex index;
  private final SwappableBloomFilter bloom;
  private final AtomicLong liveBytes = new AtomicLong();
  private final StripedCounter rejected = new StripedCounter();
  private final StripedCounter letThrough = new StripedCounter();

  /** What the eviction policy remembers; null in a durable store. Set before anything is put. */
  private volatile @Nullable Ghost ghost;

  /** Told when a pass over the space of the store may be worth while. */
  private volatile Runnable spaceListener = () -> {};

  private volatile long capacity = Long.MAX_VALUE;

  /** Frees memory outside the heap that the index needs more; returns false if there is none. */
  private volatile BooleanSupplier spareMemory = () -> false;

  // owned by the thread that rebuilds the filter
  private long rejectedBefore;
  private long letThroughBefore;

  /**
   * @param expectedEntries how many keys are about to be loaded
   */
  KeyDirectory(
      SegmentTable segments, KeyHash hasher, BlobStoreOptions options, long expectedEntries) {
    this.segments = segments;
    this.hasher = hasher;
    this.options = options;
    this.index = new ShardedIndex(expectedEntries);
    this.bloom =
        new SwappableBloomFilter(
            filterKeys(options, expectedEntries), options.bloomFalsePositiveRate());
  }

  /** How many keys the bloom filter of a store with so many is made for. */
  static long filterKeys(BlobStoreOptions options, long keys) {
    return Math.max(options.expectedKeys(), REBUILD_FACTOR * keys);
  }

  /** Has keys that the policy remembers start visited from now on. */
  void remember(Ghost evicted) {
    ghost = evicted;
  }

  /**
   * Has a listener told whenever more is live than there is capacity for, or what is live of a
   * segment has fallen below one half or to nothing.
   */
  void watchSpace(long capacity, Runnable listener) {
    this.capacity = capacity;
    this.spaceListener = listener;
  }

  KeyHash hasher() {
    return hasher;
  }

  ShardedIndex index() {
    return index;
  }

  SwappableBloomFilter bloom() {
    return bloom;
  }

  /** Hashes a key into the scratch. */
  void hash(byte[] key, Scratch scratch) {
    hasher.hash(key, scratch.hash);
  }

  /** Hashes a key, from a buffer's index 0 to its limit, into the scratch. */
  void hash(ByteBuffer key, Scratch scratch) {
    hasher.hash(key, scratch.hash);
  }

  /** Sets what frees memory for the index when it lacks some, and returns false if it cannot. */
  void takeMemoryFrom(BooleanSupplier freeMemory) {
    spareMemory = freeMemory;
  }

  /**
   * Makes what {@link #publish} needs for a key, but for what other threads take meanwhile.
   *
   * @param scratch holds the key's hash
   * @throws OutOfMemoryError if there is no memory for it
   */
  void prepare(Scratch scratch) {
    for (; ; ) {
      try {
        index.prepare(scratch.hash[1]);
        return;
      } catch (DirectMemoryError e) {
        if (!spareMemory.getAsBoolean()) {
          throw e;
        }
      }
    }
  }

  /** The location that the index holds for a hash, {@link Location#NONE} included. */
  long find(Scratch scratch) {
    long low = scratch.hash[0];
    long high = scratch.hash[1];
    return bloom.mightContain(low, high) ? counted(index.get(low, high)) : rejected();
  }

  private long rejected() {
    rejected.increment();
    return Location.NONE;
  }

  private long counted(long location) {
    if (location == Location.NONE) {
      letThrough.increment();
    }
    return location;
  }

  /** The same; marks the entry as visited. */
  long findAndMark(Scratch scratch) {
    long low = scratch.hash[0];
    long high = scratch.hash[1];
    return bloom.mightContain(low, high) ? counted(index.getAndMark(low, high)) : rejected();
  }

  /**
   * Makes a record the newest of its key, unless there is a newer one. What it replaced is in
   * {@code scratch.replaced}.
   *
   * @param scratch holds the key's hash
   * @param segment the segment the record is in
   * @return whether the record is the newest now
   */
  boolean publish(
      Scratch scratch, Segment segment, long offset, long length, long sequence, byte kind) {
    long low = scratch.hash[0];
    long high = scratch.hash[1];
    boolean tombstone = kind == RecordFormat.TOMBSTONE;
    long location = Location.pack(segment.id(), offset, tombstone);
    Ghost remembered = ghost;
    boolean visited = remembered != null && !tombstone && remembered.contains(low, high);
    boolean published =
        add(low, high, location, length, sequence, visited, tombstone ? null : segment, scratch);
    if (published) {
      discount(scratch.replaced);
      if (liveBytes.get() > capacity) {
        spaceListener.run();
      }
    }
    return published;
  }

  /** A put counts as live before it can be found, so that nobody counts it out first. */
  private boolean add(
      long low,
      long high,
      long location,
      long length,
      long sequence,
      boolean visited,
      @Nullable Segment live,
      Scratch scratch) {
    if (live != null) {
      count(live, length);
    }
    boolean published = false;
    SwappableBloomFilter.Epoch epoch = bloom.add(low, high);
    try {
      published =
          index.publish(low, high, location, length, sequence, visited, rule, scratch.replaced);
    } finally {
      bloom.confirm(epoch);
      if (!published && live != null) {
        count(live, -length);
      }
    }
    return published;
  }

  private void count(Segment segment, long length) {
    segment.addLive(length);
    liveBytes.addAndGet(length);
  }

  private void discount(Replaced replaced) {
    long location = replaced.location();
    if (location != Location.NONE && !Location.isTombstone(location)) {
      discount(location, replaced.length());
    }
  }

  private void discount(long location, long length) {
    liveBytes.addAndGet(-length);
    Segment segment = segments.get(Location.segment(location));
    if (segment == null) {
      return;
    }
    long live = segment.addLive(-length);
    long half = segment.size() / 2;
    if (live == 0 || (live < half && live + length >= half)) {
      spaceListener.run();
    }
  }

  /**
   * Loads an entry of a checkpoint into a directory that has none of its key.
   *
   * @param segment the one the location is in
   */
  void load(long low, long high, long location, long length, boolean visited, Segment segment) {
    add(low, high, location, length, 0, visited, segment, Scratch.get());
  }

  /**
   * Evicts a record if it still is the newest of its key and no reader has marked it; a mark is
   * cleared.
   */
  Verdict evictUnlessVisited(long low, long high, long location, Replaced out) {
    Verdict verdict = index.evictUnlessVisited(low, high, location, out);
    if (verdict == Verdict.EVICTED) {
      discount(out);
    }
    return verdict;
  }

  /** Forgets a put if it still is the newest of its key; returns whether it was. */
  boolean forgetPut(long low, long high, long location, Replaced out) {
    boolean removed = index.removeIf(low, high, location, out);
    if (removed) {
      discount(out);
    }
    return removed;
  }

  /**
   * Has readers of a record go to a copy of it, if it still is the newest of its key.
   *
   * @param length of the record
   */
  void relocate(
      long low, long high, long from, long to, long length, Segment input, Segment output) {
    output.addLive(length);
    if (index.relocate(low, high, from, to)) {
      input.addLive(-length);
    } else {
      output.addLive(-length);
    }
  }

  /** Whether a record on stable storage makes a dead one of the same key unneeded. */
  boolean isReplacedOnDisk(long low, long high) {
    long location = index.get(low, high);
    Segment segment = location == Location.NONE ? null : segments.get(Location.segment(location));
    return segment != null && segment.trailer() != null;
  }

  private boolean supersedes(long existing, long sequence) {
    Segment segment = segments.get(Location.segment(existing));
    if (segment == null || segment.isOlderThan(sequence)) {
      return true;
    }
    if (segment.place() >= sequence) {
      return false;
    }
    SegmentBytes bytes = segment.pin();
    if (bytes == null) {
      return true;
    }
    try {
      return segment.sequence(bytes, (int) Location.offset(existing)) < sequence;
    } finally {
      bytes.unpin();
    }
  }

  /** Forgets a tombstone, unless a newer record of its key has come. */
  void forget(long low, long high, long location) {
    index.removeIf(low, high, location, new Replaced());
  }

  /** Forgets all tombstones; for recovery, when no older record can come any more. */
  void forgetAllTombstones() {
    if (index.tombstones() > 0) {
      index.forEach(
          (low, high, location, length, visited) -> {
            if (Location.isTombstone(location)) {
              forget(low, high, location);
            }
          });
    }
  }

  /** Forgets the put of a key if its sequence number is not higher than one. */
  void forgetUpTo(long low, long high, long sequence) {
    long location = index.get(low, high);
    if (location != Location.NONE
        && !Location.isTombstone(location)
        && supersedes(location, sequence + 1)) {
      forgetPut(low, high, location, new Replaced());
    }
  }

  /** Whether the index has an entry of a key, be it a tombstone. */
  boolean isKnown(byte[] key) {
    Scratch scratch = Scratch.get();
    hash(key, scratch);
    return index.get(scratch.hash[0], scratch.hash[1]) != Location.NONE;
  }

  /** The tombstone that is the newest record of a key; {@link Location#NONE} if none is. */
  long tombstone(byte[] key) {
    Scratch scratch = Scratch.get();
    hash(key, scratch);
    long location = index.get(scratch.hash[0], scratch.hash[1]);
    return Location.isTombstone(location) ? location : Location.NONE;
  }

  /** Bytes of records that the index points at, tombstones not counted. */
  long liveBytes() {
    return liveBytes.get();
  }

  /**
   * The share of absent keys looked for that the bloom filter let through; NaN if there were none.
   */
  double observedBloomRate() {
    return share(letThrough.sum(), rejected.sum());
  }

  private static double share(long letThrough, long rejected) {
    return (double) letThrough / (letThrough + rejected);
  }

  /** Keys that have a value. */
  long liveKeys() {
    return index.size() - index.tombstones();
  }

  /**
   * Makes a filter of twice the size of the live keys if the present one has become too small,
   * holds too many keys that are gone, or lets too many absent keys through.
   */
  synchronized void rebuildBloomIfNeeded() {
    if (!needsRebuild()) {
      return;
    }
    long keys = filterKeys(options, index.size());
    long bytes = BlockedBloomFilter.bytesFor(keys, options.bloomFalsePositiveRate());
    if (DirectMemoryLimit.isShort(bytes)) {
      return; // a later pass finds it due again
    }
    try {
      bloom.rebuild(
          keys,
          sink -> index.forEach((low, high, location, length, visited) -> sink.accept(low, high)));
      rejectedBefore = rejected.sum();
      letThroughBefore = letThrough.sum();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (OutOfMemoryError e) {
      DirectMemoryLimit.refused(bytes); // as above; the present filter lets more through meanwhile
    }
  }

  private boolean needsRebuild() {
    long gone = bloom.keysAdded() - index.size();
    long passed = letThrough.sum() - letThroughBefore;
    long stopped = rejected.sum() - rejectedBefore;
    return bloom.needsRebuild()
        || gone > bloom.capacity() / REBUILD_FACTOR
        || (passed + stopped >= ENOUGH_MISSES
            && share(passed, stopped) > REBUILD_FACTOR * options.bloomFalsePositiveRate());
  }
}
