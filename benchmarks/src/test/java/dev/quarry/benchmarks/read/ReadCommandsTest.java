package dev.quarry.benchmarks.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quarry.benchmarks.CommandRun;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands at sizes at which their thresholds mean little. */
class ReadCommandsTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"cache", "durable"})
  void everyColdValueIsReadOnce(String mode) throws IOException {
    CommandRun run =
        CommandRun.of(
            "cold",
            "--value-bytes",
            "1000,5000",
            "--total-bytes",
            "100000",
            "--mode",
            mode,
            "--json",
            "--directory",
            directory.toString());
    assertEquals("", run.err());
    JsonNode figures = run.json();
    assertEquals(100, figures.at("/bytes1000/reads").asInt(), run::out);
    assertEquals(20, figures.at("/bytes5000/reads").asInt(), run::out);
    assertTrue(figures.at("/bytes5000/getMicrosP50").asDouble() > 0, run::out);
    assertTrue(figures.at("/bytes5000/directMicrosP99").asDouble() > 0, run::out);
  }

  @Test
  void aCacheUnderLoadIsMeasured() throws IOException {
    CommandRun run =
        CommandRun.of(
            "cache-load",
            "--max-bytes",
            String.valueOf(64 << 20),
            "--times",
            "2",
            "--json",
            "--directory",
            directory.toString());
    assertEquals("", run.err());
    JsonNode figures = run.json();
    assertTrue(figures.get("bytesPut").asLong() >= 128 << 20, run::out);
    double ratio = figures.get("hitRatio").asDouble();
    assertTrue(ratio > 0.2 && ratio < 1, run::out);
    assertTrue(figures.get("hitMicrosP99").asDouble() > 0, run::out);
    assertTrue(figures.get("cpuSeconds").asDouble() > 0, run::out);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cold --value-bytes 15",
        "cold --value-bytes 2000 --total-bytes 1999",
        "cache-load --max-bytes 1000",
        "cache-load --times 0",
        "cache-load --keys -1",
        "cache-load --exponent NaN"
      })
  void whatIsOutOfRangeIsRefused(String arguments) {
    CommandRun run = CommandRun.of(arguments.split(" "));
    assertEquals(2, run.exitCode(), run::toString);
    assertTrue(run.err().contains("is to "), run::toString);
  }
}
