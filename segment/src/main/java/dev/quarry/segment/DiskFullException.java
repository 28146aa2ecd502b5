package dev.quarry.segment;

import java.io.IOException;

/** There is no space, or no quota, for what was to be written. */
public final class DiskFullException extends IOException {

  private static final long serialVersionUID = 1L;

  public DiskFullException(String message) {
    super(message);
  }

  public DiskFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
