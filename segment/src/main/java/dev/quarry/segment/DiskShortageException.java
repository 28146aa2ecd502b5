package dev.quarry.segment;

import java.io.IOException;

/**
 * The system refused a call before it had any effect, for a lack that passes: no descriptor, no
 * memory, no mapping, no permission. The call may be made again; nothing has reached the disk. A
 * lack of space is a {@link DiskFullException}.
 */
public final class DiskShortageException extends IOException {

  private static final long serialVersionUID = 1L;

  public DiskShortageException(String message) {
    super(message);
  }

  public DiskShortageException(String message, Throwable cause) {
    super(message, cause);
  }
}
