package dev.quarry;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says whether space must be reclaimed: in a durable store when too much of it is garbage, in a
 * cache when there is no room for the next slab and for the output of a compaction. Safe for use by
 * any number of threads.
 */
final class SpaceDemand {

  private final BlobStoreOptions options;
  private final CacheBound bound;

  SpaceDemand(BlobStoreOptions options, CacheBound bound) {
    this.options = options;
    this.bound = bound;
  }

  /**
   * Why there is enough space, in words; null if there is not.
   *
   * @param queue all segments
   * @param wanted bytes of disk that a cache is to have free, if that is more than a slab
   */
  @Nullable String whyMet(List<Segment> queue, long wanted) {
    return options.mode() == StoreMode.DURABLE ? whyLittleGarbage(queue) : whyMuchRoom(wanted);
  }

  private @Nullable String whyLittleGarbage(List<Segment> queue) {
    long garbage = 0;
    long bytes = 0;
    for (Segment segment : queue) {
      if (segment.trailer() != null) {
        garbage += segment.garbageBytes();
        bytes += segment.size();
      }
    }
    return garbage > options.maxGarbageShare() * bytes
        ? null
        : String.format("%d of %d bytes are garbage, which is allowed", garbage, bytes);
  }

  private @Nullable String whyMuchRoom(long wanted) {
    long free = bound.free();
    long needed = Math.max(wanted, options.segmentBytes()) + options.segmentBytes();
    return free < needed ? null : String.format("%d bytes are free, and %d needed", free, needed);
  }
}
