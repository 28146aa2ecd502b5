package dev.quarry.benchmarks.order;

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

/** The command at a size at which its threshold means little. */
class QueueCommandTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"cache", "durable"})
  void everyKeyIsPolled(String mode) throws IOException {
    CommandRun run =
        CommandRun.of(
            "queue",
            "--keys",
            "500",
            "--mode",
            mode,
            "--json",
            "--directory",
            directory.toString());
    assertEquals("", run.err());
    JsonNode figures = run.json();
    assertEquals(500, figures.get("polls").asLong());
    assertTrue(figures.get("pollMicrosMean").asDouble() > 0, figures::toString);
    assertTrue(figures.get("deleteMicrosFirst").asDouble() > 0, figures::toString);
  }

  @Test
  void moreCannotBePolledThanThereIs() {
    assertEquals(2, CommandRun.of("queue", "--keys", "5", "--polls", "6").exitCode());
  }
}
