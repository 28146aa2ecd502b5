package dev.quarry.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A command run in this process, and what became of it. */
public record ToolRun(int code, String out, String error) {

  /** Runs a command; arguments may be paths or anything else. */
  public static ToolRun quarry(Object... arguments) {
    return quarryWithInput(new byte[0], arguments);
  }

  /** Runs a command with a text as the standard input. */
  public static ToolRun quarryWithInput(String input, Object... arguments) {
    return quarryWithInput(input.getBytes(StandardCharsets.UTF_8), arguments);
  }

  /** Runs a command that may read from the standard input. */
  public static ToolRun quarryWithInput(byte[] input, Object... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    Console console = new Console(new ByteArrayInputStream(input), out, error, false);
    int code =
        Quarry.run(console, Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    return new ToolRun(
        code, out.toString(StandardCharsets.UTF_8), error.toString(StandardCharsets.UTF_8));
  }

  /** Puts a text, which must succeed. */
  public static void put(Path store, String key, String value) {
    quarryWithInput(value.getBytes(StandardCharsets.UTF_8), "put", store, key).mustSucceed();
  }

  /** Puts several keys, each with itself as the value. */
  public static void putAll(Path store, List<String> keys) {
    try (BlobStore open = BlobStore.open(store, BlobStoreOptions.durable())) {
      for (String key : keys) {
        open.put(KeyText.parse(key).bytes(), key.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /** The lines that were printed. */
  public List<String> lines() {
    return out.lines().toList();
  }

  /** Checks that nothing went wrong. */
  public ToolRun mustSucceed() {
    assertEquals("", error);
    assertEquals(0, code, out);
    return this;
  }

  /** Checks the exit code, and that the failure is one line that holds all these parts. */
  public ToolRun mustFail(int expectedCode, Object... parts) {
    assertEquals(expectedCode, code, error);
    assertEquals(1, error.lines().count(), error);
    assertTrue(error.startsWith("quarry: "), error);
    assertFalse(error.contains("Exception"), error);
    for (Object part : parts) {
      assertTrue(error.contains(part.toString()), () -> error + " lacks " + part);
    }
    return this;
  }
}
