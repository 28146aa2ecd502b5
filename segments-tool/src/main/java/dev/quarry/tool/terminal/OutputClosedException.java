package dev.quarry.tool.terminal;

/** Who reads the standard output has stopped reading, as {@code head} does; no failure. */
public final class OutputClosedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  OutputClosedException(Throwable cause) {
    super("the standard output is closed", cause);
  }
}
