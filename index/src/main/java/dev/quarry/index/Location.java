package dev.quarry.index;

/**
 * The place of a record, packed into a {@code long} called a <em>location</em>.
 *
 * <p>The upper half is the segment id. In the lower half, bit 31 says that the record is a
 * tombstone and bits 0 to 30 are the record's offset in units of {@link #ALIGNMENT} bytes. A
 * location is always positive; {@link #NONE} stands for the absence of one.
 */
public final class Location {

  /** No location: no record has it, as segment ids begin at 1. */
  public static final long NONE = 0;

  /** Offsets are multiples of this many bytes. */
  public static final int ALIGNMENT = 8;

  /** The largest offset that can be packed, in bytes. */
  public static final long MAX_OFFSET = (1L << 34) - ALIGNMENT;

  private static final long TOMBSTONE = 1L << 31;
  private static final long OFFSET_MASK = TOMBSTONE - 1;

  private Location() {}

  /**
   * Packs a place.
   *
   * @param segment segment id, from 1
   * @param offset bytes from the start of the segment, a multiple of {@link #ALIGNMENT} from 0 to
   *     {@link #MAX_OFFSET}
   * @throws IllegalArgumentException if either is out of range
   */
  public static long pack(int segment, long offset, boolean tombstone) {
    if (segment < 1) {
      throw new IllegalArgumentException("segment id " + segment + " is not positive");
    }
    if (offset < 0 || offset > MAX_OFFSET || offset % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "offset " + offset + " is not a multiple of 8 from 0 to " + MAX_OFFSET);
    }
    return (long) segment << 32 | (tombstone ? TOMBSTONE : 0) | offset / ALIGNMENT;
  }

  /** The segment id, from 1. */
  public static int segment(long location) {
    return (int) (location >>> 32);
  }

  /** The offset in the segment, in bytes. */
  public static long offset(long location) {
    return (location & OFFSET_MASK) * ALIGNMENT;
  }

  /** Whether the record there is a tombstone. */
  public static boolean isTombstone(long location) {
    return (location & TOMBSTONE) != 0;
  }
}
