package dev.quarry.segment;

import java.io.IOException;

/**
 * The file system has no sync of directories, so that no create, rename or delete in one can be
 * made durable. Nothing was lost: the system refused the call.
 */
public final class DirectorySyncUnsupportedException extends IOException {

  private static final long serialVersionUID = 1L;

  public DirectorySyncUnsupportedException(String message, Throwable cause) {
    super(message, cause);
  }
}
