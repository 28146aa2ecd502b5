package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A store's lock is no longer its own: another process has opened the store, or its directory is
 * not where it was. This is final: the store makes no further change in the directory.
 */
public final class LockLostException extends IOException {

  private static final long serialVersionUID = 1L;

  private LockLostException(String message) {
    super(message);
  }

  /**
   * Another process has the lock.
   *
   * @param holder who that is, in words
   */
  public static LockLostException taken(Path file, String holder) {
    return new LockLostException(
        "another process has opened the store: "
            + file
            + " was locked by "
            + holder
            + "; close this store, and let one process at a time use the directory. The system drops"
            + " a lock when any code in the process that holds it opens and closes the locked file,"
            + " so let no backup or copy inside that process read "
            + file.getFileName());
  }

  /** The same, to be thrown once more: one exception cannot be thrown beside itself. */
  public LockLostException again() {
    LockLostException again = new LockLostException(getMessage());
    again.initCause(this);
    return again;
  }

  /** The file does not lead to what was locked. */
  public static LockLostException gone(Path file) {
    return new LockLostException(
        file
            + " is no longer the file that this store has locked: the store's directory was moved,"
            + " deleted or replaced while it was open; close this store, and open it where it is");
  }
}
