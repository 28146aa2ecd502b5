package dev.quarry;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Bytes on disk are not what was written there. Nothing has been changed or removed. */
public final class CorruptionException extends BlobStoreException {

  private static final long serialVersionUID = 1L;

  private final transient Path file;
  private final long offset;

  /**
   * @param file the damaged file
   * @param offset where in it the damage was noticed, in bytes from its start
   * @param expected what should have been there, and what was
   */
  public CorruptionException(Path file, long offset, String expected) {
    this(file, offset, expected, null);
  }

  public CorruptionException(Path file, long offset, String expected, @Nullable Throwable cause) {
    super(file + " at offset " + offset + ": " + expected, cause);
    this.file = file;
    this.offset = offset;
  }

  /** The damaged file. */
  public Path file() {
    return file;
  }

  /** Where in the file the damage was noticed, in bytes from its start. */
  public long offset() {
    return offset;
  }
}
