package dev.quarry.crash.process;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that runs a class with this one's class path. What it prints comes through a pipe,
 * which keeps what was written to it whatever becomes of the process. Not safe for use by several
 * threads.
 */
public final class ChildJvm implements Closeable {

  /** The exit code of a process that SIGKILL ended. */
  public static final int KILLED = 128 + 9;

  private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";
  private static final long PATIENCE_MINUTES = 10;

  private final Process process;
  private final BufferedReader out;
  private volatile boolean hung;

  private ChildJvm(Process process) {
    this.process = process;
    Executor later = CompletableFuture.delayedExecutor(PATIENCE_MINUTES, TimeUnit.MINUTES);
    later.execute(this::endIfAlive);
    this.out = process.inputReader(StandardCharsets.UTF_8);
  }

  private void endIfAlive() {
    if (process.isAlive()) {
      hung = true;
      kill();
    }
  }

  /** What a process is to be started with. */
  public static final class Builder {

    private final Class<?> main;
    private final List<String> before = new ArrayList<>();
    private final List<String> options = new ArrayList<>(List.of("-ea", "-XX:+UseSerialGC"));

    private Builder(Class<?> main) {
      this.main = main;
    }

    /** Adds options of the JVM. */
    public Builder options(String... more) {
      options.addAll(List.of(more));
      return this;
    }

    /** Has the store log nothing, where it fails as it is meant to. */
    public Builder withoutLog() {
      return options("-D" + LOG_LEVEL + "=off");
    }

    /** Has another command start the JVM, which gets its command line as further arguments. */
    public Builder startedBy(String... command) {
      before.addAll(List.of(command));
      return this;
    }

    /** Has a shell do something in the process first, such as setting a limit. */
    public Builder after(String shellCommand) {
      return startedBy("bash", "-c", shellCommand + " && exec \"$@\"", "bash");
    }

    /** Starts the process. */
    public ChildJvm start(String... arguments) throws IOException {
      List<String> command = new ArrayList<>(before);
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("-D" + LOG_LEVEL + "=" + System.getProperty(LOG_LEVEL, "warn"));
      command.addAll(options);
      command.add("-cp");
      command.add(System.getProperty("java.class.path"));
      command.add(main.getName());
      command.addAll(List.of(arguments));
      return new ChildJvm(new ProcessBuilder(command).redirectError(Redirect.INHERIT).start());
    }

    /**
     * Runs the process to its end, which must be a good one.
     *
     * @return what it printed
     * @throws AssertionError if it ended otherwise
     */
    public List<String> run(String... arguments) throws IOException {
      try (ChildJvm child = start(arguments)) {
        List<String> lines = new ArrayList<>();
        for (String line = child.readLine(); line != null; line = child.readLine()) {
          lines.add(line);
        }
        int exitCode = child.awaitEnd();
        if (exitCode != 0) {
          throw new AssertionError(
              main.getSimpleName() + " ended with " + exitCode + " after " + lines);
        }
        return lines;
      }
    }
  }

  /** A process that runs a class's main method. */
  public static Builder of(Class<?> main) {
    return new Builder(main);
  }

  /** The next line that the process prints; null when it has ended, or closed its output. */
  public @Nullable String readLine() throws IOException {
    return out.readLine();
  }

  /** Sends SIGKILL. What was printed before can still be read. */
  public void kill() {
    process.toHandle().destroyForcibly(); // unlike the process's own, leaves our end of the pipe
  }

  /** Waits for the end of the process; returns its exit code. */
  public int awaitEnd() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          int exitCode = process.waitFor();
          if (hung) {
            throw new AssertionError("the process had not ended after minutes");
          }
          return exitCode;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends the process, if it has not ended. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    out.close();
  }
}
