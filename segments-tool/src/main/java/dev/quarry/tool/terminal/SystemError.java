package dev.quarry.tool.terminal;

import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/**
 * A reason for which the operating system refuses a call, known by its English text: Java hands out
 * no number. The launcher sees to it that the text is English.
 */
public enum SystemError {
  NO_SPACE("No space left on device", "no space is left on the file system; free some", true),
  NO_QUOTA("Disk quota exceeded", "the disk quota of this user is used up; free some space", true),
  READ_ONLY("Read-only file system", "the file system is read-only; mount it for writing", true),
  TOO_MANY_OPEN(
      "Too many open files", "too many files are open; raise the limit with ulimit -n", true),
  SYSTEM_FULL_OF_FILES(
      "Too many open files in system",
      "too many files are open in the whole system; end other programs",
      true),
  NO_MEMORY("Cannot allocate memory", "the system has no memory left; free some", true),
  INPUT_OUTPUT(
      "Input/output error", "the disk failed (I/O error); look into the system's log", false),
  FILE_TOO_LARGE(
      "File too large", "the file is longer than the file system or ulimit -f allows", false),
  NAME_TOO_LONG("File name too long", "the name is too long for the file system", false),
  LOOP("Too many levels of symbolic links", "symbolic links lead in a circle", false),
  IS_DIRECTORY("Is a directory", "is a directory, not a file", false),
  NOT_DIRECTORY("Not a directory", "a part of the path is a file, not a directory", false),
  NOT_PERMITTED("Operation not permitted", "the system does not permit that", false),
  STALE("Stale file handle", "the file has gone from its file server; mount it again", false),
  BROKEN_PIPE("Broken pipe", "whoever reads it has stopped reading", false);

  /** What Java adds to one of them. */
  private static final String OR_UNREADABLE = " or unable to access attributes of symbolic link";

  private final String text;
  private final String words;
  private final boolean meetsEveryFile;

  SystemError(String text, String words, boolean meetsEveryFile) {
    this.text = text;
    this.words = words;
    this.meetsEveryFile = meetsEveryFile;
  }

  /** The reason that a failure, or what caused it, gives; null when it is none of these. */
  public static @Nullable SystemError of(@Nullable Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      SystemError error =
          named(each instanceof FileSystemException file ? file.getReason() : each.getMessage());
      if (error != null) {
        return error;
      }
    }
    return null;
  }

  /** The reason that a text ends with; null when it is none of these. */
  static @Nullable SystemError named(@Nullable String text) {
    for (SystemError each : values()) {
      if (text != null && (text.endsWith(each.text) || text.endsWith(each.text + OR_UNREADABLE))) {
        return each;
      }
    }
    return null;
  }

  /** Whether the next file would meet with the same, so that it is no use to go on. */
  public boolean meetsEveryFile() {
    return meetsEveryFile;
  }

  /** The system's own text. */
  String text() {
    return text;
  }

  /** The reason in words, and what to do where that is not clear. */
  String words() {
    return words;
  }
}
