package dev.quarry.tool.inspect;

import dev.quarry.BlobStoreException;
import dev.quarry.FormatVersionException;
import dev.quarry.tool.terminal.Reason;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a segment or log before its records are verified.
 *
 * @param path the file
 * @param id of the segment
 * @param kind segment or log
 * @param size bytes of the file
 * @param salt that its records are bound by
 * @param recordsEnd where the records end at the latest; 0 when they cannot be read
 * @param survey the records; null when they cannot be read
 * @param state whether it is what was written
 * @param note what is wrong with it, or worth knowing; null when nothing is
 */
record FileReport(
    Path path,
    long id,
    Kind kind,
    long size,
    long salt,
    long recordsEnd,
    @Nullable Survey survey,
    State state,
    @Nullable String note) {

  /** What a file is. */
  enum Kind {
    SEGMENT,
    LOG;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Whether a file is what was written. */
  enum State {
    OK,
    /** Intact, but garbage: another segment has what is live of it. */
    REPLACED,
    DAMAGED,
    /** Intact, but of a format version that this release does not read. */
    OTHER_VERSION,
    /** The system does not let it be read. */
    UNREADABLE;

    /** Whether something is wrong. */
    boolean isFault() {
      return this != OK && this != REPLACED;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** The same file, when another segment is known to replace it. */
  FileReport replacedBy(long other) {
    String replacement = "by segment " + other + "; opening removes it";
    boolean intact = state == State.OK;
    return new FileReport(
        path,
        id,
        kind,
        size,
        salt,
        recordsEnd,
        survey,
        intact ? State.REPLACED : state,
        intact ? replacement : note + " (replaced " + replacement + ")");
  }

  /** A file of which nothing but its failure is known. */
  static FileReport failed(Path path, long id, Kind kind, long size, Exception failure) {
    State state = State.UNREADABLE;
    if (failure instanceof BlobStoreException) {
      state = failure instanceof FormatVersionException ? State.OTHER_VERSION : State.DAMAGED;
    }
    return new FileReport(path, id, kind, size, 0, 0, null, state, Reason.of(failure));
  }
}
