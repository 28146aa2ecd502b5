package dev.quarry.tool.terminal;

import dev.quarry.BlobStoreException;
import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreLockedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.Objects;

/** Failures in words: what failed, why, and what to do where that is not clear. */
public final class Reason {

  private Reason() {}

  /** What to tell the user of a failure, with the file's name where there is one. */
  public static String of(Throwable failure) {
    if (failure instanceof FileSystemException file) {
      return named(file, words(file));
    }
    if (failure instanceof UncheckedIOException unchecked) {
      return of(Objects.requireNonNull(unchecked.getCause()));
    }
    if (failure instanceof OutOfMemoryError) {
      return "out of memory: "
          + failure.getMessage()
          + "; give Java more, as with JDK_JAVA_OPTIONS=-Xmx2g in the environment";
    }
    if (failure instanceof InterruptedException) {
      return "interrupted";
    }
    String message = failure.getMessage();
    return isMeantForUsers(failure) && message != null
        ? explained(message, failure)
        : "unexpected failure: " + failure + " (--debug prints where)";
  }

  /** The same for a failure that ends the command, with what to do next. */
  public static String withAdvice(Throwable failure) {
    return of(failure) + advice(failure);
  }

  private static String advice(Throwable failure) {
    if (failure instanceof CorruptionException) {
      return "; quarry segments verify STORE lists all damage";
    }
    if (failure instanceof StoreLockedException) {
      return "; close it there first";
    }
    if (failure instanceof FormatVersionException) {
      return "; use the release of Quarry that wrote it, or a newer one";
    }
    if (failure instanceof ResourceExhaustedException) {
      return "; try again when the lack is over";
    }
    return "";
  }

  /** Why a file could not be used, without its name. */
  public static String words(IOException failure) {
    SystemError error = SystemError.of(failure);
    if (error != null) {
      return error.words();
    }
    if (failure instanceof FileSystemException file) {
      return wordsOfType(file);
    }
    return failure.getMessage() == null ? "I/O error: " + failure : failure.getMessage();
  }

  private static boolean isMeantForUsers(Throwable failure) {
    return failure instanceof BlobStoreException
        || failure instanceof CommandFailedException
        || failure instanceof IllegalArgumentException
        || failure instanceof IOException;
  }

  private static String named(FileSystemException failure, String words) {
    String other = failure.getOtherFile() == null ? "" : " to " + failure.getOtherFile();
    return failure.getFile() == null ? words : failure.getFile() + other + ": " + words;
  }

  private static String wordsOfType(FileSystemException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied; look at the permissions of it and of the directories above it";
    }
    if (failure instanceof NotDirectoryException) {
      return "not a directory";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "there is a file of that name already";
    }
    if (failure instanceof DirectoryNotEmptyException) {
      return "the directory is not empty";
    }
    if (failure instanceof FileSystemLoopException) {
      return SystemError.LOOP.words();
    }
    if (failure instanceof AtomicMoveNotSupportedException) {
      return "a file cannot be renamed from one file system to another";
    }
    if (failure instanceof NotLinkException) {
      return "not a symbolic link";
    }
    String reason = failure.getReason();
    return reason == null ? "refused by the system (" + failure.getClass().getName() + ")" : reason;
  }

  /**
   * A message of the store's. Where it ends with what the system said, or with the type of a
   * failure, that is put into words.
   */
  private static String explained(String message, Throwable failure) {
    if (failure instanceof InvalidPathException path) {
      return path.getInput() + ": no name of a file: " + path.getReason();
    }
    Throwable cause = failure.getCause();
    String whole = cause instanceof IOException io ? inWords(message, io) : message;
    SystemError error = SystemError.named(whole);
    if (error != null) {
      whole = whole.substring(0, whole.lastIndexOf(error.text())) + error.words();
    }
    return whole;
  }

  private static String inWords(String message, IOException cause) {
    String said = cause.getMessage();
    if (message.endsWith(cause.toString())) {
      return withoutEnd(message, cause.toString()) + of(cause);
    }
    boolean isPathOnly = cause instanceof FileSystemException file && file.getReason() == null;
    return isPathOnly && said != null && message.endsWith(said)
        ? withoutEnd(message, said) + of(cause)
        : message;
  }

  private static String withoutEnd(String text, String end) {
    return text.substring(0, text.length() - end.length());
  }
}
