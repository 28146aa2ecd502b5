package dev.quarry.crash.history;

import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FaultyDisk.Faults;
import dev.quarry.segment.FaultyDisk.Operation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A lack that comes and passes: for a while, the calls fail that the system refuses before they
 * have any effect. Safe for use by any number of threads.
 */
final class Shortage implements Faults {

  private static final Set<Operation> REFUSABLE =
      EnumSet.complementOf(
          EnumSet.of(Operation.READ, Operation.WRITE, Operation.TRUNCATE, Operation.FORCE));

  private long calls;
  private long first = Long.MAX_VALUE;
  private long end;
  private boolean ofMemory;
  private boolean hasBegun;

  /**
   * Plans one, in place of the one before.
   *
   * @param after how many more calls there are before it
   * @param length how many calls fail
   * @param memory whether they fail for a lack of memory, by an {@link OutOfMemoryError}
   */
  synchronized void plan(long after, long length, boolean memory) {
    first = calls + after;
    end = first + length;
    ofMemory = memory;
  }

  /** Ends it, or forgets that it was to come. */
  synchronized void end() {
    first = Long.MAX_VALUE;
  }

  /** Whether a call has failed. */
  synchronized boolean hasBegun() {
    return hasBegun;
  }

  @Override
  public synchronized @Nullable IOException of(Operation operation, Path path) {
    if (!REFUSABLE.contains(operation)) {
      return null;
    }
    long call = calls++;
    if (call < first || call >= end) {
      return null;
    }
    hasBegun = true;
    if (ofMemory) {
      throw new OutOfMemoryError("injected");
    }
    return new DiskShortageException("injected: " + operation + " of " + path);
  }
}
