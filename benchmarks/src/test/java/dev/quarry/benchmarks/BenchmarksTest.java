package dev.quarry.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchmarksTest {

  @TempDir private Path directory;

  private String trace;

  @BeforeEach
  void writeTrace() throws IOException {
    trace = Files.writeString(directory.resolve("trace"), "a 1\nb 1\na 1\nc 1\n").toString();
  }

  private static String refusal(String... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(2, run.exitCode(), run::toString);
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run::toString);
    assertTrue(run.err().startsWith("benchmarks: "), run::toString);
    return run.err().strip();
  }

  @Test
  void aReplayPrintsItsMisses() {
    CommandRun run = CommandRun.of("replay", trace, "--capacity", "2", "--policy", "sieve");
    String expected = "3 misses in 4 requests (75.00 %)" + System.lineSeparator();
    assertEquals(new CommandRun(0, expected, ""), run);
  }

  @Test
  void aReplayPrintsJson() throws IOException {
    CommandRun run =
        CommandRun.of("replay", trace, "--capacity", "2", "--policy", "default", "--json");
    assertEquals(0, run.exitCode(), run::toString);
    Map<String, Object> expected =
        Map.of(
            "trace",
            trace,
            "capacity",
            2,
            "policy",
            "default",
            "requests",
            4,
            "misses",
            3,
            "missRatio",
            0.75);
    assertEquals(expected, new ObjectMapper().readValue(run.out(), Map.class));
  }

  @Test
  void aBadLineIsNamedInOneLine() throws IOException {
    Files.writeString(Path.of(trace), "a 1\nb\n");
    assertEquals(
        "benchmarks: " + trace + ":2: not a key, a space and a size",
        refusal("replay", trace, "--capacity", "2", "--policy", "sieve"));
  }

  @Test
  void aMissingTraceIsRefused() {
    assertEquals(
        "benchmarks: " + trace + "x: no such file",
        refusal("replay", trace + "x", "--capacity", "2", "--policy", "sieve"));
  }

  @Test
  void aTraceThatIsADirectoryIsRefused() {
    refusal("replay", directory.toString(), "--capacity", "2", "--policy", "sieve");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "268435457", "1e3", "99999999999"})
  void aCapacityOutOfRangeIsRefused(String capacity) {
    refusal("replay", trace, "--capacity", capacity, "--policy", "sieve");
  }

  @Test
  void anUnknownPolicyIsRefused() {
    refusal("replay", trace, "--capacity", "1", "--policy", "lru");
  }

  @Test
  void aMissingCommandIsRefused() {
    refusal();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"replay TRACE --capacity 1 --policy sieve --store", "soak", "churn", "reopen"})
  void aDirectoryThatIsAFileIsRefused(String command) {
    List<String> arguments = new ArrayList<>(List.of(command.replace("TRACE", trace).split(" ")));
    arguments.addAll(List.of("--directory", trace));
    String refusal = refusal(arguments.toArray(String[]::new));
    assertTrue(refusal.contains("--directory " + trace + ": not a directory"), refusal);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replay",
        "replay-all",
        "soak",
        "churn",
        "reopen",
        "queue",
        "cold",
        "cache-load",
        "jmh"
      })
  void everyCommandSaysWhatItDoes(String command) {
    CommandRun run = CommandRun.of(command, "--help");
    assertEquals(0, run.exitCode());
    assertTrue(run.out().startsWith("Usage: benchmarks " + command), run::toString);
  }
}
