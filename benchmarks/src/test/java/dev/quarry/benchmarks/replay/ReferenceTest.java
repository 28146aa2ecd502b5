package dev.quarry.benchmarks.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceTest {

  private static final String HEAD = "trace,mode,cache_size,policy,misses\n";

  @TempDir private Path directory;

  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("golden_misses.csv");
  }

  private List<Reference.Row> rows(String lines) throws IOException, TraceException {
    Files.writeString(file, HEAD + lines);
    return new Reference(directory).rows();
  }

  @Test
  void theCountsOfOneTraceAndCapacityAreARow() throws Exception {
    String lines =
        """
        a,objects,2,FIFO,11
        b,objects,2,FIFO,13
        a,objects,2,LRU,12
        a,objects,2,SIEVE,10
        b,objects,2,SIEVE,14
        """;
    Path traces = directory.resolve("traces");
    assertEquals(
        List.of(
            new Reference.Row("a", traces.resolve("a.txt.zst"), 2, 11, 10),
            new Reference.Row("b", traces.resolve("b.txt.zst"), 2, 13, 14)),
        rows(lines));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "a,b                    | not five columns",
        "a,bytes,1,SIEVE,1      | the mode is not 'objects'",
        "a,objects,0,SIEVE,1    | '0' is not a number from 1 to 268435456",
        "a,objects,999999999,SIEVE,1 | '999999999' is not a number from 1 to 268435456",
        "a,objects,1,SIEVE,x    | 'x' is not a number from 1 to 9223372036854775807",
        "a,objects,1,SIEVE,0    | '0' is not a number from 1 to 9223372036854775807"
      })
  void aLineThatIsNoCountIsNamed(String line, String fault) {
    String lines = "a,objects,1,FIFO,1\n" + line + "\n";
    String message = assertThrows(TraceException.class, () -> rows(lines)).getMessage();
    assertTrue(message.startsWith(file + ":3: "), message);
    assertTrue(message.endsWith(fault), message);
  }

  @Test
  void aRowWithoutOneOfTheCountsIsNamed() {
    String message =
        assertThrows(TraceException.class, () -> rows("a,objects,7,FIFO,1\n")).getMessage();
    assertEquals(file + ": a at 7 is without FIFO or SIEVE", message);
  }

  @Test
  void aFileWithoutRowsIsRefused() {
    String message = assertThrows(TraceException.class, () -> rows("")).getMessage();
    assertEquals(file + ": no rows", message);
  }

  @Test
  void aMissingFileIsNamed() {
    String message =
        assertThrows(TraceException.class, () -> new Reference(directory).rows()).getMessage();
    assertEquals(file + ": no such file", message);
  }
}
