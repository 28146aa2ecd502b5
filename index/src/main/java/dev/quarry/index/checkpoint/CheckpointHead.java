package dev.quarry.index.checkpoint;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a checkpoint says besides its entries.
 *
 * @param covered the segments whose records are all accounted for, by entries or as superseded; in
 *     the order given when it was written
 * @param hand the sequence number at which the hand of eviction stands; 0 for none
 * @param highestSequence no record of a covered segment has a higher one
 * @param blob whatever else is to be remembered: the bytes between its position and its limit, at
 *     most {@link #MAX_BLOB}
 */
public record CheckpointHead(
    List<CoveredSegment> covered, long hand, long highestSequence, ByteBuffer blob) {

  /** The longest blob, in bytes. */
  public static final int MAX_BLOB = 64 << 20;

  /**
   * @throws IllegalArgumentException if the blob is too long
   */
  public CheckpointHead {
    if (blob.remaining() > MAX_BLOB) {
      throw new IllegalArgumentException(
          "a blob of " + blob.remaining() + " bytes is longer than " + MAX_BLOB);
    }
    covered = List.copyOf(covered);
    blob = blob.slice().asReadOnlyBuffer();
  }

  /** A view of the blob from its first byte to its last, read-only and big-endian. */
  @Override
  public ByteBuffer blob() {
    return blob.duplicate();
  }
}
