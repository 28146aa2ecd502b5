package dev.quarry.index;

/**
 * Layout of a bucket: 128 bytes, aligned to 128, with one header and five entries of 24 bytes.
 *
 * <pre>
 *   offset  bytes  what
 *        0      8  header
 *        8     40  low half of the hash, one long per slot
 *       48     40  location, one long per slot
 *       88     20  tag (upper 32 bits of the hash's high half), one int per slot
 *      108     20  record length, unsigned, one int per slot
 * </pre>
 *
 * <p>Fields are kept side by side instead of entry by entry so that a lookup that misses reads only
 * the first of the bucket's two cache lines.
 *
 * <p>The header is one long: bits 0 to 4 say which slots are occupied, bits 8 to 12 which are
 * visited, bits 16 to 63 are the version, odd while a writer changes the bucket. The version is
 * wide so that it cannot come round while a reader is suspended between two looks at it.
 */
final class BucketLayout {

  static final int SLOTS = 5;

  static final int HEADER = 0;
  static final int LOWS = HEADER + Long.BYTES;
  static final int LOCATIONS = LOWS + SLOTS * Long.BYTES;
  static final int TAGS = LOCATIONS + SLOTS * Long.BYTES;
  static final int LENGTHS = TAGS + SLOTS * Integer.BYTES;
  static final int BUCKET_BYTES = LENGTHS + SLOTS * Integer.BYTES;

  /** What one step of the version adds to the header. */
  static final long VERSION_STEP = 1L << 16;

  private static final long OCCUPIED_MASK = (1L << SLOTS) - 1;
  private static final int VISITED_SHIFT = 8;
  private static final int VERSION_SHIFT = 16;

  private BucketLayout() {}

  static boolean isOccupied(long header, int slot) {
    return (header >>> slot & 1) != 0;
  }

  static boolean isVisited(long header, int slot) {
    return (header >>> (VISITED_SHIFT + slot) & 1) != 0;
  }

  static boolean isBeingWritten(long header) {
    return (header & VERSION_STEP) != 0;
  }

  static boolean sameVersion(long header, long other) {
    return header >>> VERSION_SHIFT == other >>> VERSION_SHIFT;
  }

  /** The lowest slot that is not occupied, or {@link #SLOTS} when the bucket is full. */
  static int freeSlot(long header) {
    return Long.numberOfTrailingZeros(~(header & OCCUPIED_MASK));
  }

  static long occupy(long header, int slot, boolean visited) {
    return withVisited(header | 1L << slot, slot, visited);
  }

  static long vacate(long header, int slot) {
    return header & ~(1L << slot);
  }

  static long withVisited(long header, int slot, boolean visited) {
    long bit = 1L << (VISITED_SHIFT + slot);
    return visited ? header | bit : header & ~bit;
  }

  /** The header of an empty bucket whose version is later than this header's, and even. */
  static long emptied(long header) {
    return ((header >>> VERSION_SHIFT | 1) + 1) << VERSION_SHIFT;
  }
}
