package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

/** Gives every {@link IOException} the name of its file, and a full disk its own type. */
final class DiskErrors {

  /** How ENOSPC, EDQUOT and EFBIG read: Java hands out the text only. */
  private static final List<String> FULL =
      List.of("No space left on device", "Disk quota exceeded", "File too large");

  private DiskErrors() {}

  /** A call that may fail. */
  interface Call<T> {
    T run() throws IOException;
  }

  /**
   * Runs a call.
   *
   * @param failure what to say when it fails, followed by the path
   */
  static <T> T naming(String failure, Path path, Call<T> call) throws IOException {
    try {
      return call.run();
    } catch (IOException e) {
      throw named(failure, path, e);
    }
  }

  /** An exception that names the file; the same one if it does already. */
  static IOException named(String failure, Path path, IOException e) {
    if (e instanceof DiskInterruptedException || e instanceof DiskFullException) {
      return e;
    }
    String message = failure + " " + path + ": " + reason(e);
    if (isFull(e)) {
      return new DiskFullException(message, e);
    }
    return e instanceof FileSystemException ? e : new IOException(message, e);
  }

  /** A failure that it is no use to make room after. */
  static IOException asFinal(IOException e) {
    return e instanceof DiskFullException ? new IOException(e.getMessage(), e) : e;
  }

  static boolean isFull(IOException e) {
    return e instanceof DiskFullException || FULL.stream().anyMatch(reason(e)::contains);
  }

  private static String reason(IOException e) {
    return String.valueOf(e instanceof FileSystemException f ? f.getReason() : e.getMessage());
  }
}
