package dev.quarry.crash.fuzz;

import com.sun.management.ThreadMXBean;
import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/**
 * What reading a file may do, whatever is in it: succeed, or throw one of the two exceptions that
 * tell of it; and allocate no more than the file's own size justifies.
 */
final class Bounds {

  /** Bytes that may be allocated for a file of no bytes; a ghost's filter takes most of them. */
  private static final long FIXED = 8L << 20;

  /** How many times the size of the file may be allocated beyond that. */
  private static final long FACTOR = 16;

  private static final int ATTEMPTS = 4;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Bounds() {}

  /** A reading of a file; it can be done again, with the same outcome. */
  @FunctionalInterface
  interface Reading {
    void run() throws IOException;
  }

  /**
   * Reads, and where that took too much memory reads again, as classes may have been loaded, or
   * instrumented by a fuzzer, meanwhile.
   *
   * @throws AssertionError if it did anything but what it may
   */
  static void check(long fileBytes, Reading reading) {
    long limit = FIXED + FACTOR * fileBytes;
    long used = allocatedBy(reading);
    for (int attempt = 1; used > limit && attempt < ATTEMPTS; attempt++) {
      used = allocatedBy(reading);
    }
    if (used > limit) {
      throw new AssertionError(used + " bytes allocated for a file of " + fileBytes);
    }
  }

  private static long allocatedBy(Reading reading) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      reading.run();
    } catch (CorruptionException | FormatVersionException e) {
      // which is what they are for
    } catch (IOException e) {
      throw new AssertionError("no exception of a file's content: " + e, e);
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
