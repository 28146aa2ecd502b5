package dev.quarry.tool;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Runs the tool in a shell that has its own view of what is mounted, so that nothing is left of
 * what it mounts. Where that is not permitted, the test is skipped.
 */
final class MountedRun {

  private static final List<List<String>> WAYS =
      List.of(List.of("unshare", "-m"), List.of("unshare", "-Urm"));

  /** What a shell printed. */
  record Ran(List<String> out, String error) {}

  private MountedRun() {}

  /** Runs a script with a small file system in memory at $DISK. */
  static Ran onSmallDisk(Path disk, String size, String script, Map<String, String> variables)
      throws IOException, InterruptedException {
    Map<String, String> all = new HashMap<>(variables);
    all.put("DISK", disk.toString());
    return inNamespace("mount -t tmpfs -o size=" + size + " tmpfs \"$DISK\"", script, all);
  }

  /**
   * Runs a script.
   *
   * @param mount what is mounted before it; the test is skipped if that is not permitted
   * @param script for sh, in which $QUARRY is the tool
   */
  static Ran inNamespace(String mount, String script, Map<String, String> variables)
      throws IOException, InterruptedException {
    for (List<String> way : WAYS) {
      try {
        if (builder(way, mount, variables).start().waitFor() == 0) {
          return run(way, mount + " && { " + script + "; }", variables);
        }
      } catch (IOException e) {
        // there is no such command
      }
    }
    assumeTrue(false, "this process may not mount a file system");
    throw new IllegalStateException();
  }

  private static Ran run(List<String> way, String script, Map<String, String> variables)
      throws IOException, InterruptedException {
    Path error = Files.createTempFile("quarry-test", ".txt");
    try {
      Process process =
          builder(way, script, variables).redirectError(Redirect.to(error.toFile())).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return new Ran(out.lines().toList(), withoutWarnings(Files.readString(error)));
    } finally {
      Files.delete(error);
    }
  }

  /** Without what newer JVMs themselves say of libraries, and the empty lines around it. */
  private static String withoutWarnings(String error) {
    return error
        .lines()
        .filter(line -> !line.isEmpty() && !line.startsWith("WARNING: "))
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  private static ProcessBuilder builder(
      List<String> way, String script, Map<String, String> variables) {
    List<String> command = new ArrayList<>(way);
    command.addAll(List.of("sh", "-c", script));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectInput(Redirect.from(Path.of("/dev/null").toFile()));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
    environment.putAll(variables);
    environment.put("LC_ALL", "C.UTF-8");
    environment.put("CLASSPATH", System.getProperty("java.class.path"));
    environment.put(
        "QUARRY",
        Path.of(System.getProperty("java.home"), "bin", "java") + " " + Quarry.class.getName());
    return builder;
  }
}
