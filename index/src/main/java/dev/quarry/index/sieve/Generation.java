package dev.quarry.index.sieve;

import dev.quarry.bloom.BlockedBloomFilter;

/** The hashes of objects that were evicted one after the other. */
final class Generation {

  /**
   * False-positive rate of one filter; a test looks at up to nine. It costs 15.7 bits per hash,
   * where 1 % would cost 10.1 and let one absent key in eleven pass for evicted.
   */
  private static final double RATE = 0.001;

  /** Constant. */
  final BlockedBloomFilter filter;

  /** Written by the evictor. */
  private volatile long bytes;

  Generation(BlockedBloomFilter filter, long bytes) {
    this.filter = filter;
    this.bytes = bytes;
  }

  static Generation forKeys(long expectedKeys) {
    return new Generation(BlockedBloomFilter.forKeys(Math.max(1, expectedKeys), RATE), 0);
  }

  /** Bytes of memory for so many keys. */
  static long bytesFor(long expectedKeys) {
    return BlockedBloomFilter.bytesFor(Math.max(1, expectedKeys), RATE);
  }

  /** Sizes of the objects in it, in bytes. */
  long bytes() {
    return bytes;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes it
  void add(long low, long high, long size) {
    filter.add(low, high);
    bytes += size;
  }

  /** Whether the filter holds what it was made for. */
  boolean isFull() {
    return filter.keysAdded() >= filter.capacity();
  }
}
