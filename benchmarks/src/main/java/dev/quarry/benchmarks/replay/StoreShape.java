package dev.quarry.benchmarks.replay;

import dev.quarry.BlobStoreOptions;

/**
 * What a store has to be like to hold so many objects of one size.
 *
 * <p>Objects are so large that what the cache is for spans {@value #SEGMENTS} of the smallest
 * segments, or as many as there are objects if those are fewer. The policy goes by segments in two
 * places: it does not look at those that are not on disk yet, and it is told of room by whole ones.
 * With many segments, or a single object in each, neither matters much.
 *
 * <p>The store's capacity is that of the objects, less one byte of another: so at rest there are
 * never more, and the store, whose low-water mark lies 1/256 below, aims at fewer.
 *
 * @param objects how many are to be held
 * @param valueBytes of each
 * @param maxBytes of the store
 */
record StoreShape(int objects, int valueBytes, long maxBytes) {

  static final int SEGMENTS = 64;
  static final int KEY_BYTES = 16;

  private static final int RECORD_HEADER = 24;
  private static final int SEGMENT_BYTES = 72 << 10;

  /** Room in a slab for its header and footer, and for what says which objects were evicted. */
  private static final int RESERVED = 1024;

  private static final int MOST_PER_SEGMENT = 32;
  private static final int FOOTER_ENTRY = 32;
  private static final int EVICTED_ENTRY = 32;

  static StoreShape of(int objects) {
    int perSegment = Math.max(1, Math.min(MOST_PER_SEGMENT, objects / SEGMENTS));
    int record = ((SEGMENT_BYTES - RESERVED) / perSegment - FOOTER_ENTRY - EVICTED_ENTRY) / 8 * 8;
    int value = record - RECORD_HEADER - KEY_BYTES;
    return new StoreShape(objects, value, maxBytes((long) objects * record + record - 1));
  }

  /** The most bytes of disk by which the capacity is not above a number of bytes. */
  private static long maxBytes(long capacity) {
    long low = 4 * SEGMENT_BYTES;
    long high = low + 2 * capacity;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (options(middle).capacityBytes() <= capacity) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private static BlobStoreOptions options(long maxBytes) {
    return BlobStoreOptions.cache(maxBytes).toBuilder()
        .segmentBytes(SEGMENT_BYTES)
        .slabs(2)
        .build();
  }

  BlobStoreOptions options(Policy policy) {
    return options(maxBytes).toBuilder()
        .graceZone(policy == Policy.DEFAULT)
        .ghost(policy == Policy.DEFAULT)
        .build();
  }

  int segmentBytes() {
    return SEGMENT_BYTES;
  }
}
