package dev.quarry.tool.terminal;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The three standard streams of a command. Text is UTF-8 whatever the locale says, as keys are.
 *
 * <p>The standard output is for one thread at a time; {@link #complain} is for any.
 */
public final class Console {

  private final InputStream in;
  private final StandardOutput out;
  private final PrintStream error;
  private final boolean terminal;

  /**
   * @param terminal whether somebody watches the error stream, so that a progress bar makes sense
   */
  public Console(InputStream in, OutputStream out, OutputStream error, boolean terminal) {
    this.in = in;
    this.out = new StandardOutput(out);
    this.error = new PrintStream(error, true, StandardCharsets.UTF_8);
    this.terminal = terminal;
  }

  /** The streams of this process; the launcher knows whether it is used from a terminal. */
  public static Console ofProcess() {
    return new Console(
        new BufferedInputStream(new FileInputStream(FileDescriptor.in)),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        Boolean.getBoolean("quarry.terminal"));
  }

  public InputStream in() {
    return in;
  }

  /**
   * The standard output, buffered. It throws no {@link java.io.IOException}: failures are {@link
   * OutputClosedException} and {@link CommandFailedException}.
   */
  public OutputStream out() {
    return out;
  }

  public PrintStream error() {
    return error;
  }

  public boolean isTerminal() {
    return terminal;
  }

  /** Prints to the standard output. */
  public void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.write(bytes, 0, bytes.length);
  }

  /** Prints a line to the standard output. */
  public void println(String line) {
    print(line + "\n");
  }

  /** Hands everything printed to the system. */
  public void flush() {
    out.flush();
  }

  /** Tells the user of a failure, in one line on the error stream. */
  public void complain(String failure) {
    String eraseBar = terminal ? "\r\u001b[K" : "";
    error.println(eraseBar + "quarry: " + failure.strip().replaceAll("\\s*\\R\\s*", " "));
  }
}
