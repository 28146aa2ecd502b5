package dev.quarry.crash.planted;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs classes of tests of a checkout that is built, each module's in a process of their own. */
final class TestRuns {

  /** The modules that hold what is patched, lowest first. */
  static final List<String> MODULES =
      List.of("segment", "bloom", "wal", "index", "engine", "segments-tool", "crash-tests");

  /** Classes of tests that run in one process. */
  private record Group(String module, boolean lincheck) {
    @Override
    public String toString() {
      return lincheck ? module + "-lincheck" : module;
    }
  }

  private final Path checkout;
  private final Duration limit;

  /**
   * @param limit time for each class of tests, after which they are taken to hang
   */
  TestRuns(Path checkout, Duration limit) {
    this.checkout = checkout;
    this.limit = limit;
  }

  /** The product as it was built, and all that it and its tests need. */
  static String classPath(Path checkout) throws IOException {
    List<String> path = new ArrayList<>();
    for (String module : MODULES) {
      path.add(checkout.resolve(module).resolve("target/classes").toString());
    }
    try (Stream<Path> jars = Files.list(checkout.resolve("crash-tests/target/lib"))) {
      jars.map(Path::toString).sorted().forEach(path::add);
    }
    return String.join(File.pathSeparator, path);
  }

  /**
   * Runs classes of tests, group by group, up to the first failure.
   *
   * @param patched classes that take the place of the product's; null for the product as it is
   * @param scratch a directory for what the processes leave
   * @return the test that failed, or what else went wrong; null when all is green
   */
  @Nullable String run(List<TestClass> tests, @Nullable Path patched, Path scratch)
      throws IOException {
    Map<Group, List<String>> groups = new LinkedHashMap<>();
    for (TestClass test : tests) {
      Group group = new Group(test.module(), test.name().endsWith("LincheckTest"));
      groups.computeIfAbsent(group, each -> new ArrayList<>()).add(test.name());
    }
    for (Map.Entry<Group, List<String>> group : groups.entrySet()) {
      String failed = run(group.getKey(), group.getValue(), patched, scratch);
      if (failed != null) {
        return failed;
      }
    }
    return null;
  }

  private @Nullable String run(
      Group group, List<String> names, @Nullable Path patched, Path scratch) throws IOException {
    Files.createDirectories(scratch);
    Path report = scratch.resolve(group + ".report");
    Files.deleteIfExists(report);
    Path log = scratch.resolve(group + ".log");
    List<String> command = command(group, patched);
    command.add(report.toString());
    command.add(scratch.resolve("jqwik-database").toString());
    command.addAll(names);
    Process child =
        new ProcessBuilder(command)
            .directory(checkout.resolve(group.module).toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    boolean ended;
    try {
      Duration most = limit.multipliedBy(names.size());
      ended = child.waitFor(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while tests were run", e);
    } finally {
      child.destroyForcibly();
    }
    String how = Files.exists(report) ? Files.readString(report) : "no test was begun";
    if (how.equals(TestChild.GREEN)) {
      return null;
    }
    return how.startsWith(TestChild.RUNNING)
        ? how.substring(TestChild.RUNNING.length()) + (ended ? " (the JVM died)" : " (it hung)")
        : how;
  }

  private List<String> command(Group group, @Nullable Path patched) throws IOException {
    List<String> path = new ArrayList<>();
    if (patched != null) {
      path.add(patched.toString());
    }
    path.add(checkout.resolve(group.module).resolve("target/test-classes").toString());
    path.add(classPath(checkout));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-ea");
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=off");
    if (group.lincheck) {
      command.add("-XX:+EnableDynamicAgentLoading"); // Lincheck attaches an agent
      command.add("-XX:ActiveProcessorCount=1"); // its threads take turns, and spin on two
    }
    command.add("-cp");
    command.add(String.join(File.pathSeparator, path));
    command.add(TestChild.class.getName());
    return command;
  }
}
