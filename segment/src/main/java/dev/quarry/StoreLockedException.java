package dev.quarry;

import java.nio.file.Path;

/** Another process, or another store in this one, has the directory open. */
public final class StoreLockedException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  public StoreLockedException(Path lockFile) {
    super("the store is open elsewhere: " + lockFile + " is locked");
  }

  /**
   * A store that is locked by somebody known.
   *
   * @param holder who that is, in words
   */
  public StoreLockedException(Path lockFile, String holder) {
    super("the store is open elsewhere: " + lockFile + " is locked by " + holder);
  }
}
