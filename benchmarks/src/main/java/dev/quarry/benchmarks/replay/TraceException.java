package dev.quarry.benchmarks.replay;

import dev.quarry.benchmarks.measure.Reason;
import java.io.IOException;
import java.nio.file.Path;

/** A trace that cannot be read; the message names the file and, past its beginning, the line. */
public final class TraceException extends Exception {

  private static final long serialVersionUID = 1L;

  TraceException(Path trace, IOException failure) {
    this(trace, Reason.of(failure));
  }

  TraceException(Path trace, String fault) {
    super(trace + ": " + fault);
  }

  TraceException(Path trace, long line, String fault) {
    super(trace + ":" + line + ": " + fault);
  }
}
