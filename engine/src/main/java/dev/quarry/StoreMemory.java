package dev.quarry;

import dev.quarry.bloom.BlockedBloomFilter;
import dev.quarry.index.ShardedIndex;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.DirectMemoryLimit;
import dev.quarry.segment.Disk;
import dev.quarry.segment.StagingBuffers;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory outside the heap that a store takes when it is opened and frees when it is closed: the
 * first slab and the first staging buffer, and those that come later.
 *
 * <p>What a store cannot do without is taken, or at least seen to be there, before it is opened. A
 * lack that begins later thus makes a store slower: it works with the slabs that it has. Memory of
 * the index and of the bloom filter is left to the garbage collector, as readers take no pin there.
 */
final class StoreMemory implements AutoCloseable {

  /** For reading the checkpoint, and for what the JDK takes for each thread that does I/O. */
  private static final long LEEWAY = 2 << 20;

  /** How many buffers of large values a segment is worth. */
  private static final int VALUE_PARTS = 8;

  private static final int PIECE = 1 << 26;

  private final BlobStoreOptions options;
  private final SlabPool slabs;
  private final StagingBuffers staging;

  /** Those of large puts, which may hold theirs while they wait for compaction, which has one. */
  private final StagingBuffers values;

  private StoreMemory(BlobStoreOptions options) {
    this.options = options;
    this.slabs = new SlabPool(options.segmentBytes(), options.slabs());
    try {
      this.staging = new StagingBuffers(options.segmentBytes());
      this.values = values(options);
    } catch (Throwable e) {
      slabs.close();
      throw e;
    }
  }

  private StagingBuffers values(BlobStoreOptions options) {
    try {
      return new StagingBuffers(valueBytes(options));
    } catch (Throwable e) {
      staging.close();
      throw e;
    }
  }

  /** Bytes of a buffer of large values, which takes the longest key in one piece. */
  private static int valueBytes(BlobStoreOptions options) {
    int part = options.segmentBytes() / VALUE_PARTS / Disk.BLOCK * Disk.BLOCK;
    return Math.max(BlobStoreOptions.SMALLEST_SEGMENT, part);
  }

  /**
   * Takes what a store needs at least.
   *
   * @throws ResourceExhaustedException if the JVM has less
   */
  static StoreMemory take(BlobStoreOptions options) {
    try {
      return new StoreMemory(options);
    } catch (OutOfMemoryError e) {
      throw tooLittle(options, 0, e);
    }
  }

  /**
   * Makes sure that there is memory for the index and the bloom filter of so many keys, though it
   * is not taken yet.
   *
   * @throws ResourceExhaustedException if there is not
   */
  void require(long keys) {
    List<DirectMemory> pieces = new ArrayList<>();
    try {
      for (long left = directoryBytes(options, keys); left > 0; left -= PIECE) {
        pieces.add(DirectMemory.allocate((int) Math.min(left, PIECE), 1));
      }
    } catch (OutOfMemoryError e) {
      throw tooLittle(options, keys, e);
    } finally {
      pieces.forEach(DirectMemory::close);
    }
  }

  /** What to throw when memory for so many keys turns out to be missing. */
  ResourceExhaustedException tooLittle(long keys, Throwable cause) {
    return tooLittle(options, keys, cause);
  }

  private static ResourceExhaustedException tooLittle(
      BlobStoreOptions options, long keys, Throwable cause) {
    return new ResourceExhaustedException(
        "the store needs at least "
            + leastBytes(options, keys)
            + " bytes of memory outside the heap, with segments of "
            + options.segmentBytes()
            + " bytes and "
            + Math.max(options.expectedKeys(), keys)
            + " keys; the JVM allows "
            + DirectMemoryLimit.limit()
            + ", of which "
            + DirectMemoryLimit.used()
            + " are in use: raise -XX:MaxDirectMemorySize (or -Xmx, which it follows), or lower"
            + " segmentBytes",
        cause);
  }

  /**
   * The memory outside the heap, in bytes, with which a store opens and works, one slab being
   * enough.
   *
   * @param keys in the store; its index grows with more
   */
  static long leastBytes(BlobStoreOptions options, long keys) {
    return DirectMemory.taken(options.segmentBytes())
        + DirectMemory.taken(StagingBuffers.bytes(options.segmentBytes()))
        + DirectMemory.taken(StagingBuffers.bytes(valueBytes(options)))
        + directoryBytes(options, keys)
        + LEEWAY;
  }

  private static long directoryBytes(BlobStoreOptions options, long keys) {
    return ShardedIndex.bytesFor(Math.max(options.expectedKeys(), keys))
        + BlockedBloomFilter.bytesFor(
            KeyDirectory.filterKeys(options, keys), options.bloomFalsePositiveRate());
  }

  SlabPool slabs() {
    return slabs;
  }

  /** The buffers of what the store does by itself. A holder of one waits for no put. */
  StagingBuffers staging() {
    return staging;
  }

  /** Bytes of memory that the buffers of both kinds take now. */
  long stagingBytes() {
    return staging.memoryBytes() + values.memoryBytes();
  }

  /** The buffers of large values. */
  StagingBuffers values() {
    return values;
  }

  /** Frees everything; what a reader still holds on to when it lets go of it. */
  @Override
  public void close() {
    slabs.close();
    staging.close();
    values.close();
  }
}
