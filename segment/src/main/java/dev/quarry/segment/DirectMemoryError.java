package dev.quarry.segment;

/** The JVM allows no more memory outside the heap; the message says what to do. */
public final class DirectMemoryError extends OutOfMemoryError {

  private static final long serialVersionUID = 1L;

  DirectMemoryError(String message) {
    super(message);
  }
}
