package dev.quarry.crash.planted;

import org.jspecify.annotations.Nullable;

/** Thrown when a bug cannot be planted any more: its patch does not apply, or not compile. */
final class PlantingException extends RuntimeException {

  private static final long serialVersionUID = 1;

  PlantingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
