package dev.quarry;

import java.nio.file.Path;

/** A file is intact but was written in a format version that this release does not read. */
public final class FormatVersionException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  private final int found;

  /**
   * @param file the file
   * @param found its format version
   * @param oldest the oldest version that this release reads
   * @param newest the newest version that this release reads
   */
  public FormatVersionException(Path file, int found, int oldest, int newest) {
    super(
        file
            + ": format version "
            + found
            + (found > newest ? " is newer than " : " is older than ")
            + "this release reads ("
            + (oldest == newest ? "version " + newest : "versions " + oldest + " to " + newest)
            + ")");
    this.found = found;
  }

  /** The format version found in the file. */
  public int found() {
    return found;
  }
}
