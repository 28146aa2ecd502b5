package dev.quarry.benchmarks.measure;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a file could not be used, in words, as the messages of some exceptions are but its name. */
public final class Reason {

  private Reason() {}

  /** The reason, without the name of the file. */
  public static String of(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file";
    }
    if (failure instanceof AccessDeniedException) {
      return "access denied";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "not a directory";
    }
    if (failure instanceof FileSystemException fault && fault.getReason() != null) {
      return fault.getReason();
    }
    return String.valueOf(failure.getMessage());
  }
}
