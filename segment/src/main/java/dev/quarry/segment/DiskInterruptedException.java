package dev.quarry.segment;

import java.io.IOException;

/**
 * A call on a {@link DiskFile} was cut short by {@link Thread#interrupt}; the interrupt status is
 * set again. What the call did is unknown and any error it met is lost, so everything since the
 * last good {@link DiskFile#force} must be written again.
 */
public final class DiskInterruptedException extends IOException {

  private static final long serialVersionUID = 1L;

  public DiskInterruptedException(String message, Throwable cause) {
    super(message, cause);
  }
}
