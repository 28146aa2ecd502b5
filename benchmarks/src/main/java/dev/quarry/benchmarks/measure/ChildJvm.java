package dev.quarry.benchmarks.measure;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that runs a part of a measurement, with this one's class path, and ends without closing
 * anything, as if it were killed.
 */
public final class ChildJvm {

  /** What a process has that is ended by SIGKILL. */
  private static final int KILLED = 128 + 9;

  private ChildJvm() {}

  /**
   * Runs a class and waits for it to {@link #die}.
   *
   * @return what it said then
   * @throws IOException if it ended otherwise
   */
  public static String run(Class<?> main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Process child = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
    try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
      String said = "";
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        said = line;
      }
      int exitCode = child.waitFor();
      if (exitCode != KILLED) {
        throw new IOException("the process of " + main.getName() + " ended with " + exitCode);
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while another process was at work", e);
    } finally {
      child.destroyForcibly();
    }
  }

  /**
   * Ends this process at once: nothing is closed, no hook is run.
   *
   * @param said one line for the process that waits
   */
  public static void die(String said) {
    System.out.println(said);
    System.out.flush();
    Runtime.getRuntime().halt(KILLED);
  }
}
