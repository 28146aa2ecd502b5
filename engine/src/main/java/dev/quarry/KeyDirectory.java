package dev.quarry;

import dev.quarry.bloom.SwappableBloomFilter;
import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.index.ShardedIndex;
import dev.quarry.index.Supersedes;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;

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

  private final ShardedIndex index = new ShardedIndex();
  private final SwappableBloomFilter bloom;
  private final SegmentTable segments;
  private final KeyHash hasher;
  private final long expectedKeys;
  private final Supersedes rule = this::supersedes;

  KeyDirectory(SegmentTable segments, KeyHash hasher, long expectedKeys, double falsePositiveRate) {
    this.segments = segments;
    this.hasher = hasher;
    this.expectedKeys = expectedKeys;
    this.bloom = new SwappableBloomFilter(expectedKeys, falsePositiveRate);
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

  /** The location that the index holds for a hash, {@link Location#NONE} included. */
  long find(Scratch scratch) {
    long low = scratch.hash[0];
    long high = scratch.hash[1];
    return bloom.mightContain(low, high) ? index.get(low, high) : Location.NONE;
  }

  /** The same; marks the entry as visited. */
  long findAndMark(Scratch scratch) {
    long low = scratch.hash[0];
    long high = scratch.hash[1];
    return bloom.mightContain(low, high) ? index.getAndMark(low, high) : Location.NONE;
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
    SwappableBloomFilter.Epoch epoch = bloom.add(low, high);
    boolean published;
    try {
      published =
          index.publish(low, high, location, length, sequence, false, rule, scratch.replaced);
    } finally {
      bloom.confirm(epoch);
    }
    if (published) {
      if (!tombstone) {
        segment.addLive(length);
      }
      discount(scratch.replaced);
    }
    return published;
  }

  private void discount(Replaced replaced) {
    long location = replaced.location();
    if (location != Location.NONE && !Location.isTombstone(location)) {
      Segment segment = segments.get(Location.segment(location));
      if (segment != null) {
        segment.addLive(-replaced.length());
      }
    }
  }

  private boolean supersedes(long existing, long sequence) {
    Segment segment = segments.get(Location.segment(existing));
    if (segment == null || segment.isOlderThan(sequence)) {
      return true;
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

  /**
   * Whether a key whose tombstone is on stable storage has no value, nor can a crash give it one:
   * so it is if nothing is newer than that tombstone. A newer one may not have reached the disk.
   *
   * @param segment that the tombstone is in
   * @param offset where in it
   */
  boolean isGone(byte[] key, Segment segment, long offset) {
    Scratch scratch = Scratch.get();
    hash(key, scratch);
    long location = index.get(scratch.hash[0], scratch.hash[1]);
    return location == Location.NONE || location == Location.pack(segment.id(), offset, true);
  }

  /** Keys that have a value. */
  long liveKeys() {
    return index.size() - index.tombstones();
  }

  /** Makes a filter twice the size of the live keys if the present one has become too small. */
  void rebuildBloomIfNeeded() {
    if (!bloom.needsRebuild()) {
      return;
    }
    try {
      bloom.rebuild(
          Math.max(expectedKeys, 2 * index.size()),
          sink -> index.forEach((low, high, location, length, visited) -> sink.accept(low, high)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
