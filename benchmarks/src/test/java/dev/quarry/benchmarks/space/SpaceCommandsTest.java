package dev.quarry.benchmarks.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quarry.benchmarks.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands at sizes at which they take a second or two, and their bars mean little. */
@Tag("slow")
class SpaceCommandsTest {

  @TempDir private Path directory;

  @AfterEach
  void nothingIsLeftBehind() throws IOException {
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(0, left.count());
    }
  }

  private JsonNode run(String... arguments) throws IOException {
    String[] all =
        Stream.concat(
                Stream.of(arguments), Stream.of("--json", "--directory", directory.toString()))
            .toArray(String[]::new);
    CommandRun run = CommandRun.of(all);
    assertEquals("", run.err());
    JsonNode figures = run.json();
    assertEquals(figures.get("missed").isEmpty() ? 0 : 1, run.exitCode());
    return figures;
  }

  @Test
  void aSoakStaysWithinItsDisk() throws IOException {
    JsonNode figures = run("soak", "--max-bytes", "33554432", "--times", "3");
    assertTrue(figures.get("bytesPut").asLong() >= 4L << 25, figures::toString);
    assertTrue(figures.get("evictions").asLong() > 0, figures::toString);
    assertTrue(figures.get("hitRatio").asDouble() > 0, figures::toString);
    assertTrue(
        figures.get("mostDiskBytes").asLong() <= figures.get("mostDiskBytesAllowed").asLong(),
        figures::toString);
  }

  @Test
  void aChurnLeavesNothingWhenAllIsDeleted() throws IOException {
    JsonNode figures = run("churn", "--bytes", "4194304", "--value-bytes", "16384");
    assertEquals(256, figures.get("liveKeys").asLong());
    assertEquals(5 * 256 * (16384 + 8), figures.get("bytesPut").asLong());
    assertEquals(256 * (24 + 8 + 16384), figures.get("liveBytes").asLong());
    assertTrue(figures.get("writtenPerBytePut").asDouble() >= 1, figures::toString);
    assertEquals(0, figures.get("keysAfterDeletes").asLong());
    assertTrue(figures.get("segmentFileBytesAfterDeletes").asLong() < 2L << 25, figures::toString);
    // The reserve alone is more than such a small data set.
    assertTrue(figures.get("missed").toString().contains("per live byte"), figures::toString);
  }

  @Test
  void aReopenFindsTheSameWithAndWithoutACheckpoint() throws IOException {
    JsonNode figures = run("reopen", "--keys", "1000", "--value-bytes", "40000");
    assertTrue(figures.get("missed").isEmpty(), figures::toString);
    assertTrue(figures.get("checkpointBytes").asLong() > 0, figures::toString);
    assertTrue(figures.get("millisWithCheckpoint").asDouble() > 0, figures::toString);
    assertTrue(figures.get("millisWithout").asDouble() > 0, figures::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "soak --max-bytes 1000",
        "soak --times 0",
        "churn --writers 0",
        "churn --bytes 10",
        "churn --value-bytes 8",
        "reopen --keys 0",
        "reopen --value-bytes 8"
      })
  void whatIsOutOfRangeIsRefused(String arguments) {
    assertEquals(2, CommandRun.of(arguments.split(" ")).exitCode());
  }
}
