package dev.quarry.tool.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/** What the store logs takes a line each on the error stream. */
class LineLoggerTest {

  private final Logger logger = new LineLogging().getLoggerFactory().getLogger("any");

  private static String printed(Runnable step) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      step.run();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aFailureThatLatchesIsLoggedWithoutAStackTrace() {
    assumeTrue(System.getenv("QUARRY_DEBUG") == null);
    String pattern = "the store has failed and is {} from now on";

    String said = printed(() -> logger.error(pattern, "read-only", new IOException("x")));

    assertEquals("quarry: the store has failed and is read-only from now on\n", said);
  }

  @Test
  void warningsAreCalledSoAndLessIsNotShown() {
    assertEquals(
        "quarry: warning: made good: f at offset 7\n",
        printed(() -> logger.warn("made good: {} at offset {}", "f", 7)));
    assertEquals("", printed(() -> logger.info("nothing to see")));
    assertEquals("", printed(() -> logger.debug("nothing to see")));
  }
}
