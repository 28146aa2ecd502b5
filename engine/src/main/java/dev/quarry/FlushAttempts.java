package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Records which attempts to flush failed for a lack, as of space on the disk. A caller is refused
 * by an attempt that began after it asked, never by one that had begun before: the lack may be over
 * since that one looked. Safe for use by any number of threads.
 */
final class FlushAttempts {

  @GuardedBy("this")
  private long begun;

  /** The last that failed for a lack. */
  @GuardedBy("this")
  private long refused;

  /** What the last attempt to flush a slab lacked; null when it lacked nothing. */
  @GuardedBy("this")
  private @Nullable IOException reason;

  /** How many have begun. */
  synchronized long begun() {
    return begun;
  }

  synchronized void begin() {
    begun++;
  }

  /** The one that began last was ended by a lack. */
  synchronized void foundLack(IOException lack) {
    refused = begun;
    reason = lack;
  }

  /** A slab was flushed, or needs it no more. */
  synchronized void succeeded() {
    reason = null;
  }

  /**
   * Refuses who asked when so many had begun, if a lack ended one since then.
   *
   * @throws StoreFullException if that was of space
   * @throws ResourceExhaustedException if it was another
   */
  synchronized void checkSince(long asked) {
    if (reason != null && refused > asked) {
      throw Refusal.of(reason);
    }
  }
}
