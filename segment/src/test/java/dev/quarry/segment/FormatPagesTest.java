package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pages in docs/formats show the bytes that the code writes, and the layout that it has. */
class FormatPagesTest {

  private static final Path PAGES = Path.of("..", "docs", "formats");

  @Test
  void theExampleOfEachPageIsWhatTheCodeWrites() throws IOException {
    HexDump.assertSame(Golden.store(), example("store.md"), "store.md");
    HexDump.assertSame(Golden.segment(), example("segment.md"), "segment.md");
    HexDump.assertSame(Golden.tornLog(), example("wal.md"), "wal.md");
  }

  private static byte[] example(String page) throws IOException {
    return HexDump.parse(
        Files.readAllLines(PAGES.resolve(page)).stream()
            .dropWhile(line -> !line.equals("```hex"))
            .skip(1)
            .takeWhile(line -> !line.equals("```"))
            .collect(Collectors.joining("\n")));
  }

  /** The offsets of a table, in its order. */
  private static List<Integer> offsets(String page, String heading) throws IOException {
    return Files.readAllLines(PAGES.resolve(page)).stream()
        .dropWhile(line -> !line.equals(heading))
        .skip(1)
        .takeWhile(line -> !line.startsWith("#"))
        .filter(line -> line.matches("\\| \\d+ \\| \\d* ?\\|.*"))
        .map(line -> Integer.parseInt(line.replaceFirst("\\| (\\d+) .*", "$1")))
        .toList();
  }

  @Test
  void theTablesHaveTheOffsetsOfTheConstants() throws IOException {
    assertEquals(
        List.of(
            FileHeader.MAGIC_OFFSET,
            FileHeader.VERSION_OFFSET,
            FileHeader.VERSION_OFFSET + 4,
            FileHeader.STORE_ID_OFFSET,
            FileHeader.SEGMENT_ID_OFFSET,
            FileHeader.FIRST_SEQUENCE_OFFSET,
            FileHeader.PREVIOUS_LOG_END_OFFSET,
            FileHeader.PREVIOUS_LOG_ID_OFFSET,
            FileHeader.CHECKSUM_OFFSET),
        offsets("store.md", "## The common header"));
    assertEquals(
        List.of(
            RecordFormat.LENGTH_OFFSET,
            RecordFormat.CHECK_OFFSET,
            RecordFormat.SEQUENCE_OFFSET,
            RecordFormat.PAYLOAD_CRC_OFFSET,
            RecordFormat.KEY_LENGTH_OFFSET,
            RecordFormat.KIND_OFFSET,
            RecordFormat.KIND_OFFSET + 1,
            RecordFormat.HEADER_LENGTH),
        offsets("segment.md", "## Record"));
    assertEquals(
        List.of(
            Footer.HASH_LOW_OFFSET,
            Footer.HASH_HIGH_OFFSET,
            Footer.RECORD_OFFSET_OFFSET,
            Footer.RECORD_LENGTH_OFFSET,
            Footer.SEQUENCE_KIND_OFFSET),
        offsets("segment.md", "## Footer entry"));
  }

  @ParameterizedTest
  @CsvSource({"1, put", "2, tombstone", "3, commit mark", "4, void"})
  void theKindsAreThoseOfTheConstants(int kind, String name) throws IOException {
    int expected =
        switch (name) {
          case "put" -> RecordFormat.PUT;
          case "tombstone" -> RecordFormat.TOMBSTONE;
          case "commit mark" -> RecordFormat.COMMIT_MARK;
          default -> RecordFormat.VOID;
        };
    assertEquals(expected, kind);
    long rows =
        Files.readAllLines(PAGES.resolve("segment.md")).stream()
            .filter(line -> line.startsWith("| " + kind + " " + name + " |"))
            .count();
    assertEquals(1, rows);
  }
}
