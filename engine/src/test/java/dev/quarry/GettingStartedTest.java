package dev.quarry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in the README, as it stands there. */
class GettingStartedTest {

  @TempDir Path directory;

  @Test
  void theExampleInTheReadmeDoesWhatItSays() {
    // README: begin
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      byte[] key = "photos/2026/alps.jpg".getBytes(UTF_8);
      store.put(key, new byte[128 << 10]); // on stable storage when it returns
      byte[] copy = store.get(key); // null when absent
      try (Blob blob = store.view(key)) { // no copy; readable until closed
        System.out.println(blob.size() + " bytes");
      }
      try (KeyCursor keys = store.keys(KeyRange.prefix("photos/".getBytes(UTF_8)))) {
        while (keys.next()) System.out.println(new String(keys.key(), UTF_8));
      }
      boolean was = store.delete(key);
      // README: end
      assertNotNull(copy);
      assertArrayEquals(new byte[128 << 10], copy);
      assertTrue(was);
      assertEquals(0, store.stats().keys());
    }
  }

  @Test
  void theReadmeQuotesThisTest() throws IOException {
    List<String> readme = Files.readAllLines(Path.of("..", "README.md"));
    String quoted = join(readme, "```java", "```");
    String compiled =
        join(
            Files.readAllLines(Path.of("src/test/java/dev/quarry/GettingStartedTest.java")),
            "// README: begin",
            "// README: end");
    assertEquals(quoted, compiled + "\n}");
  }

  /** The lines between two others, without their indentation. */
  private static String join(List<String> lines, String begin, String end) {
    return lines.stream()
        .map(String::strip)
        .dropWhile(line -> !line.equals(begin))
        .skip(1)
        .takeWhile(line -> !line.equals(end))
        .collect(Collectors.joining("\n"));
  }
}
