package dev.quarry.segment;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells a lack, which passes, from a failure, which is final. A call that fails for a lack of
 * space, of descriptors, of a permission or of memory has not lost anything that was on the disk
 * before.
 */
public final class Lack {

  /** Made beforehand: when the heap is full there may be no room for another. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final DiskShortageException NO_MEMORY =
      new DiskShortageException("memory ran out");

  /** How deep newer JVMs wrap the error; no chain is followed for ever. */
  private static final int DEEPEST_CAUSE = 8;

  private Lack() {}

  /** Whether what was thrown tells of a lack. */
  public static boolean is(Throwable thrown) {
    return thrown instanceof DiskFullException
        || thrown instanceof DiskShortageException
        || isOfMemory(thrown);
  }

  /** Whether memory ran out, be it while the JVM linked a lambda, when it wraps the error. */
  public static boolean isOfMemory(Throwable thrown) {
    Throwable cause = thrown instanceof Error ? thrown : null;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      if (cause instanceof OutOfMemoryError) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  /** The lack that was thrown, as an exception of the disk; null if it is none. */
  public static @Nullable IOException of(Throwable thrown) {
    if (!is(thrown)) {
      return null;
    }
    return thrown instanceof IOException lack ? lack : ofMemory(thrown);
  }

  /** Throws an error on if it tells of memory that ran out, and not of a fault of a mapped file. */
  public static void rethrow(InternalError error) {
    if (isOfMemory(error)) {
      throw error;
    }
  }

  private static DiskShortageException ofMemory(Throwable cause) {
    try {
      return new DiskShortageException(
          "memory ran out: " + Objects.requireNonNullElse(cause.getMessage(), "no details"), cause);
    } catch (OutOfMemoryError e) {
      return NO_MEMORY;
    }
  }
}
