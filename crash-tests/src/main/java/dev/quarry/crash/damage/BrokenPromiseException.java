package dev.quarry.crash.damage;

/** A store did with damaged files what it must never do. */
public final class BrokenPromiseException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  BrokenPromiseException(String message) {
    super(message);
  }

  BrokenPromiseException(String message, Throwable cause) {
    super(message, cause);
  }
}
