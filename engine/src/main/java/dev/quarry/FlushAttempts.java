package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DiskFullException;
import org.jspecify.annotations.Nullable;

/**
 * Which attempts to flush found the disk full. Who asks for an attempt is refused by that one or by
 * a later one, but not by one that was under way: there may be room since it looked. Safe for use
 * by any number of threads.
 */
final class FlushAttempts {

  @GuardedBy("this")
  private long begun;

  /** The last that found the disk full. */
  @GuardedBy("this")
  private long refused;

  /** Why the last attempt to flush a slab found no room; null when it did. */
  @GuardedBy("this")
  private @Nullable DiskFullException reason;

  /** How many have begun. */
  synchronized long begun() {
    return begun;
  }

  synchronized void begin() {
    begun++;
  }

  /** The one that began last found the disk full. */
  synchronized void foundFull(DiskFullException full) {
    refused = begun;
    reason = full;
  }

  /** A slab was flushed, or needs it no more. */
  synchronized void succeeded() {
    reason = null;
  }

  /**
   * Refuses who asked when so many had begun, if one since then found the disk full.
   *
   * @throws StoreFullException if so
   */
  synchronized void checkSince(long asked) {
    if (reason != null && refused > asked) {
      throw new StoreFullException("the disk is full: " + reason.getMessage(), reason);
    }
  }
}
