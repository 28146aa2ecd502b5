package dev.quarry.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar that was packaged, run as the launcher runs it: nothing must be missing beside it. */
class RunnableJarIT {

  private static final Path JAR = Path.of("target", "quarry.jar").toAbsolutePath();

  @TempDir Path directory;

  @Test
  void everyLibraryIsThereAndQuiet() throws Exception {
    Path value = Files.writeString(directory.resolve("value"), "the value");

    assertEquals("", run("put", "store", "key", value.toString()));
    assertEquals("the value", run("get", "store", "key"));
    assertEquals("key\n", run("ls", "store"));
    assertTrue(run("stats", "store", "--json").contains("\"keys\" : 1"));
    assertTrue(run("segments", "dump", "store", "1").contains("# value the value"));
    assertTrue(run("--version").startsWith("quarry "));
  }

  /** Runs the tool; what it says on the error stream is part of what it says. */
  private String run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= 24) {
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(List.of("-jar", JAR.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
    Process process = builder.start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), out);
    return out;
  }
}
