package dev.quarry.benchmarks.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceTest {

  @TempDir private Path directory;

  private Path path;

  private final List<String> requests = new ArrayList<>();

  @BeforeEach
  void name() {
    path = directory.resolve("trace");
  }

  private Replay replay(byte[] bytes) throws IOException, TraceException {
    Files.write(path, bytes);
    return new Trace(path)
        .replay(
            (key, size) -> {
              requests.add(new String(key, StandardCharsets.UTF_8) + "=" + size);
              return size == 0;
            });
  }

  private String fault(byte[] bytes) {
    return assertThrows(TraceException.class, () -> replay(bytes)).getMessage();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void everyLineIsARequestOfAKeyAndASize() throws Exception {
    Replay replay = replay(bytes("a 1\nb 0\na 9000000000\n"));
    assertEquals(List.of("a=1", "b=0", "a=9000000000"), requests);
    assertEquals(new Replay(3, 2), replay);
  }

  @Test
  void aCompressedTraceIsUnpackedWhateverItsName() throws Exception {
    replay(Zstd.compress(bytes("a 1\nb 2\n")));
    assertEquals(List.of("a=1", "b=2"), requests);
  }

  @Test
  void framesThatFollowOneAnotherAreOneTrace() throws Exception {
    byte[] first = Zstd.compress(bytes("a 1\n"));
    byte[] second = Zstd.compress(bytes("b 2\n"));
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    replay(both);
    assertEquals(List.of("a=1", "b=2"), requests);
  }

  @Test
  void aKeyMayHoldSpacesAndAnyCharacter() throws Exception {
    replay(bytes("GET /été x 5\r\n  7"));
    assertEquals(List.of("GET /été x=5", " =7"), requests);
  }

  @Test
  void anEmptyTraceHasNoRequests() throws Exception {
    assertEquals(new Replay(0, 0), replay(new byte[0]));
    assertEquals(0, new Replay(0, 0).missRatio());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "key", " 1", "key ", "key -1", "key 1x", "key 99999999999999999999"})
  void aLineThatIsNoRequestIsNamed(String line) {
    String fault = fault(bytes("a 1\n" + line + "\nb 1\n"));
    assertTrue(fault.startsWith(path + ":2: "), fault);
  }

  @Test
  void aTraceCutShortIsNotTakenForWhole() {
    byte[] whole = Zstd.compress(bytes("a 1\nb 2\n".repeat(100)));
    String fault = fault(Arrays.copyOf(whole, whole.length - 3));
    assertTrue(fault.startsWith(path + ":"), fault);
  }

  @Test
  void aMissingTraceIsNamed() {
    TraceException fault =
        assertThrows(TraceException.class, () -> new Trace(path).replay((key, size) -> true));
    assertEquals(path + ": no such file", fault.getMessage());
  }
}
