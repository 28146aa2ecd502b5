package dev.quarry;

import java.nio.file.FileSystemException;

/**
 * A file whose bytes were to become a value was changed, cut short, extended or replaced while it
 * was read. Nothing of it was stored. Put it again when nobody writes to it. A change that keeps
 * size, modification time and file key is not detected. Immutable.
 */
public final class FileChangedException extends FileSystemException {

  private static final long serialVersionUID = 1L;

  /**
   * @param file the file
   * @param reason what shows that it changed
   */
  public FileChangedException(String file, String reason) {
    super(file, null, reason);
  }
}
