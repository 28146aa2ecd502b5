package dev.quarry.wal;

import dev.quarry.segment.DiskInterruptedException;
import java.io.IOException;

/** Sees writes through to their sync, though {@link Thread#interrupt} cuts some call short. */
final class Uninterrupted {

  private Uninterrupted() {}

  /** All calls on a file from one sync to the next. */
  @FunctionalInterface
  interface Writes {
    void run() throws IOException;
  }

  /**
   * Runs the writes until no call was cut short. What such a call did is unknown, and so is whether
   * an error hides behind it: everything since the last sync is done again, a cut of the file too,
   * although its size may show it already.
   */
  static void run(Writes writes) throws IOException {
    for (; ; ) {
      try {
        writes.run();
        return;
      } catch (DiskInterruptedException e) {
        // from now on the thread's interrupt status disturbs no call
      }
    }
  }
}
