package dev.quarry.tool.terminal;

import dev.quarry.BlobStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/** Failures in words. */
public final class Reason {

  private Reason() {}

  /** What to tell the user of a failure, with the file's name where there is one. */
  public static String of(Throwable failure) {
    if (failure instanceof FileSystemException file) {
      return file.getFile() + ": " + ofFile(file);
    }
    if (failure instanceof UncheckedIOException unchecked) {
      return of(unchecked.getCause());
    }
    boolean isMeantForUsers =
        failure instanceof BlobStoreException
            || failure instanceof CommandFailedException
            || failure instanceof IllegalArgumentException
            || failure instanceof InvalidPathException
            || failure instanceof IOException;
    String message = failure.getMessage();
    return isMeantForUsers && message != null ? message : "unexpected: " + failure;
  }

  private static @Nullable String ofFile(FileSystemException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof NotDirectoryException) {
      return "not a directory";
    }
    return failure.getReason() == null ? failure.getClass().getSimpleName() : failure.getReason();
  }
}
