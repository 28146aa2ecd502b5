package dev.quarry.benchmarks.space;

import dev.quarry.BlobStore;
import dev.quarry.StoreStats;

/** When a store has nothing left to do in the background. */
final class Rest {

  private static final long PAUSE_MILLIS = 100;
  private static final int QUIET_PAUSES = 10;
  private static final int MOST_PAUSES = 6000;

  private Rest() {}

  /**
   * Waits until a store has written and deleted nothing for a second.
   *
   * @throws IllegalStateException if that does not come about in ten minutes
   */
  static StoreStats await(BlobStore store) throws InterruptedException {
    StoreStats seen = store.stats();
    int quiet = 0;
    for (int i = 0; quiet < QUIET_PAUSES; i++) {
      if (i == MOST_PAUSES) {
        throw new IllegalStateException("the store is still at work: " + seen.idleReason());
      }
      Thread.sleep(PAUSE_MILLIS);
      StoreStats now = store.stats();
      boolean same =
          now.bytesWritten() == seen.bytesWritten() && now.diskBytes() == seen.diskBytes();
      quiet = same ? quiet + 1 : 0;
      seen = now;
    }
    return seen;
  }
}
