package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;

/**
 * Adds the file's name and a reason that says what to do to every {@link IOException}, and turns
 * lacks, which pass, into {@link DiskShortageException}s.
 */
final class DiskErrors {

  /** How ENOSPC, EDQUOT and EFBIG read: Java hands out the text only. */
  private static final List<String> FULL =
      List.of("No space left on device", "Disk quota exceeded", "File too large");

  private static final String READ_ONLY = "Read-only file system";

  /** How EINVAL, EBADF, EOPNOTSUPP and ENOSYS read: a call that the file system does not have. */
  private static final List<String> UNSUPPORTED =
      List.of(
          "Invalid argument",
          "Bad file descriptor",
          "Operation not supported",
          "Function not implemented");

  /**
   * How EMFILE, ENFILE, ENOMEM, EACCES, EPERM, EROFS and EAGAIN and ENOLCK read, and a failed mmap.
   */
  private static final List<String> SHORT =
      List.of(
          "Too many open files",
          "Cannot allocate memory",
          "Map failed",
          "Permission denied",
          "Operation not permitted",
          "Read-only file system",
          "Resource temporarily unavailable",
          "No locks available");

  /** Made beforehand: when the heap is full there may be no room for another. */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final IOException UNKNOWN =
      new IOException("memory ran out in a sync; whether it succeeded is unknown");

  private DiskErrors() {}

  /** A call that may fail. */
  interface Call<T> {
    T run() throws IOException;
  }

  /**
   * Runs a call that the system either refuses or carries out, as an opening or a rename.
   *
   * @param failure what to say when it fails, followed by the path
   */
  static <T> T naming(String failure, Path path, Call<T> call) throws IOException {
    try {
      return call.run();
    } catch (IOException e) {
      throw refused(failure, path, e);
    }
  }

  /** What to throw when the system refused such a call: a lack that may pass has its own type. */
  static IOException refused(String failure, Path path, IOException e) {
    if (!isShortage(e) || e instanceof DiskShortageException) {
      return named(failure, path, e);
    }
    IOException explained = e instanceof FileSystemException f ? explained(f, path) : e;
    return new DiskShortageException(failure + " " + path + ": " + reason(explained), e);
  }

  /** An exception that names the file; the same one if it does already. */
  static IOException named(String failure, Path path, IOException e) {
    if (e instanceof DiskInterruptedException
        || e instanceof DiskFullException
        || e instanceof DiskShortageException
        || e instanceof DirectorySyncUnsupportedException) {
      return e;
    }
    String message = failure + " " + path + ": " + reason(e);
    if (isFull(e)) {
      return new DiskFullException(message, e);
    }
    return e instanceof FileSystemException f ? explained(f, path) : new IOException(message, e);
  }

  /** The same with a reason where the system gives none, or one that is no help. */
  private static FileSystemException explained(FileSystemException e, Path path) {
    FileSystemException explained = e;
    if (e instanceof AccessDeniedException && e.getReason() == null) {
      explained =
          new AccessDeniedException(
              e.getFile(), e.getOtherFile(), MissingPermission.on(path, e.getOtherFile()));
    } else if (READ_ONLY.equals(e.getReason())) {
      explained =
          new FileSystemException(
              e.getFile(), e.getOtherFile(), "the file system is read-only; mount it for writing");
    }
    if (explained != e) {
      explained.initCause(e);
    }
    return explained;
  }

  /** Whether the file system refused a call because it has none of that kind. */
  static boolean isUnsupported(IOException e) {
    return UNSUPPORTED.contains(reason(e));
  }

  /** A failure that it is no use to make room after. */
  static IOException asFinal(IOException e) {
    return e instanceof DiskFullException ? new IOException(e.getMessage(), e) : e;
  }

  static boolean isFull(IOException e) {
    return e instanceof DiskFullException || FULL.stream().anyMatch(reason(e)::contains);
  }

  static boolean isShortage(IOException e) {
    return e instanceof DiskShortageException || SHORT.stream().anyMatch(reason(e)::contains);
  }

  /**
   * What to throw when memory ran out in a sync: the system's own error may not have been told for
   * lack of memory.
   */
  static IOException unknown(String failure, Path path, OutOfMemoryError e) {
    try {
      return new IOException(failure + " " + path + ": memory ran out: " + e.getMessage(), e);
    } catch (OutOfMemoryError again) {
      return UNKNOWN;
    }
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException denied && denied.getReason() == null) {
      return "Permission denied";
    }
    return String.valueOf(e instanceof FileSystemException f ? f.getReason() : e.getMessage());
  }
}
