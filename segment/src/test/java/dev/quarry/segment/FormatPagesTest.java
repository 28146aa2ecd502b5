package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.PATH;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The pages of {@code docs/formats} show what the code writes, and no table of theirs has a gap.
 */
class FormatPagesTest {

  private static final Pattern HEX_BLOCK = Pattern.compile("```hex\n(.*?)```", Pattern.DOTALL);
  private static final Pattern HEADING =
      Pattern.compile("### (.+) \\((\\d+) bytes(?:, from offset (\\d+) on)?\\)");
  private static final Pattern ROW = Pattern.compile("\\| (\\d+) \\| (\\d+) \\| (.*)");

  /** A table of fields below a heading that says how many bytes they have. */
  private static final class Table {

    final String name;
    final int length;
    final int start;
    final List<MatchResult> rows = new ArrayList<>();

    Table(Matcher heading) {
      name = heading.group(1);
      length = Integer.parseInt(heading.group(2));
      start = heading.group(3) == null ? 0 : Integer.parseInt(heading.group(3));
    }

    /** The offset of the field whose description begins with some words. */
    int offset(String field) {
      return rows.stream()
          .filter(row -> row.group(3).startsWith(field))
          .mapToInt(row -> Integer.parseInt(row.group(1)))
          .findFirst()
          .orElseThrow(() -> new AssertionError(name + " has no field " + field));
    }

    void check() {
      int next = start;
      for (MatchResult row : rows) {
        assertEquals(next, Integer.parseInt(row.group(1)), name + ": " + row.group());
        next += Integer.parseInt(row.group(2));
      }
      assertEquals(length, next - start, name);
    }
  }

  private static Map<String, Table> tables() throws IOException {
    Map<String, Table> tables = new TreeMap<>();
    for (String page : List.of("segment.md", "wal.md", "store.md")) {
      Table table = null;
      for (String line : page(page).split("\n", -1)) {
        Matcher heading = HEADING.matcher(line);
        Matcher row = ROW.matcher(line);
        if (heading.matches()) {
          table = new Table(heading);
          tables.put(table.name, table);
        } else if (line.startsWith("#")) {
          table = null;
        } else if (table != null && row.matches()) {
          table.rows.add(row.toMatchResult());
        }
      }
    }
    return tables;
  }

  private static String page(String name) throws IOException {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path page = at.resolve("docs").resolve("formats").resolve(name);
      if (Files.exists(page)) {
        return Files.readString(page);
      }
    }
    throw new IllegalStateException("no docs/formats/" + name + " above the working directory");
  }

  private static byte[] example(String page) throws IOException {
    StringBuilder dump = new StringBuilder();
    HEX_BLOCK.matcher(page(page)).results().forEach(block -> dump.append(block.group(1)));
    return HexDump.parse(dump.toString());
  }

  @Test
  void theSegmentIsTheOneThatTheCodeWrites() throws IOException {
    byte[] example = example("segment.md");
    HexDump.assertSame(Golden.segment(), example, "the example in segment.md");
    HexDump.assertSame(Golden.load("segment.hex"), example, "the example in segment.md");
  }

  @Test
  void theLogIsTheOneThatTheCodeWrites() throws IOException {
    byte[] example = example("wal.md");
    HexDump.assertSame(Golden.tornLog(), example, "the example in wal.md");
    HexDump.assertSame(Golden.load("log.hex"), example, "the example in wal.md");
  }

  @Test
  void theStoreFileIsTheOneThatTheCodeWrites() throws IOException {
    byte[] example = example("store.md");
    HexDump.assertSame(Golden.store(), example, "the example in store.md");
    HexDump.assertSame(Golden.load("store.hex"), example, "the example in store.md");
  }

  @Test
  void theSegmentIsReadAsThePageSays() throws IOException {
    OneFileDisk disk = new OneFileDisk(example("segment.md"));
    SegmentFile file = SegmentFile.open(disk, PATH, Golden.STORE, 7, Golden.HASHER);
    assertEquals(3, file.trailer().entries());
    assertEquals(1005, file.trailer().highestSequence());
    SegmentScanner scanner =
        new SegmentScanner(MappedSegment.map(disk, PATH), RecordFormat.salt(Golden.STORE, 7));
    assertEquals(0xf0, scanner.endOfChain(FileHeader.LENGTH, file.trailer().recordsEnd()));
  }

  @Test
  void theLogIsReadAsThePageSays() throws IOException {
    byte[] log = example("wal.md");
    SegmentScanner scanner = scanner(log);
    assertEquals(0xd0, scanner.endOfChain(FileHeader.LENGTH, log.length));
    assertEquals(0, scanner.furthestMark(0xd0, log.length));
    log[0x5d] ^= 1;
    SegmentScanner damaged = scanner(log);
    assertEquals(0x40, damaged.endOfChain(FileHeader.LENGTH, log.length));
    assertEquals(0xb0, damaged.furthestMark(0x40, log.length));
  }

  private static SegmentScanner scanner(byte[] log) throws IOException {
    MappedSegment mapped = MappedSegment.map(new OneFileDisk(log), Golden.LOG_PATH);
    return new SegmentScanner(mapped, RecordFormat.salt(Golden.STORE, Golden.LOG_ID));
  }

  @Test
  void theStoreFileIsReadAsThePageSays() throws IOException {
    ByteBuffer block = ByteBuffer.wrap(example("store.md"));
    assertEquals(Golden.IDENTITY, StoreIdentity.decode(block, Path.of("STORE")));
  }

  @Test
  void tablesHaveTheLengthsOfTheCodeAndNoGaps() throws IOException {
    Map<String, Integer> lengths = new TreeMap<>();
    for (Table table : tables().values()) {
      table.check();
      lengths.put(table.name, table.length);
    }
    assertEquals(
        Map.of(
            "File header",
            FileHeader.LENGTH,
            "Record header",
            RecordFormat.HEADER_LENGTH,
            "Footer entry",
            Footer.ENTRY_LENGTH,
            "Trailer",
            Footer.TRAILER_LENGTH,
            "Identity",
            64),
        lengths);
  }

  @Test
  void fieldsAreWhereTheTablesSay() throws IOException {
    Map<String, Table> tables = tables();
    Table header = tables.get("File header");
    assertEquals(FileHeader.MAGIC_OFFSET, header.offset("magic"));
    assertEquals(FileHeader.VERSION_OFFSET, header.offset("format version"));
    assertEquals(FileHeader.STORE_ID_OFFSET, header.offset("store id"));
    assertEquals(FileHeader.SEGMENT_ID_OFFSET, header.offset("segment id, 1"));
    assertEquals(FileHeader.FIRST_SEQUENCE_OFFSET, header.offset("first sequence"));
    assertEquals(FileHeader.PREVIOUS_LOG_END_OFFSET, header.offset("where the records"));
    assertEquals(FileHeader.PREVIOUS_LOG_ID_OFFSET, header.offset("segment id of"));
    assertEquals(FileHeader.CHECKSUM_OFFSET, header.offset("CRC-32C"));
    Table record = tables.get("Record header");
    assertEquals(RecordFormat.LENGTH_OFFSET, record.offset("length of header"));
    assertEquals(RecordFormat.CHECK_OFFSET, record.offset("header check"));
    assertEquals(RecordFormat.SEQUENCE_OFFSET, record.offset("sequence"));
    assertEquals(RecordFormat.PAYLOAD_CRC_OFFSET, record.offset("CRC-32C"));
    assertEquals(RecordFormat.KEY_LENGTH_OFFSET, record.offset("length of the key"));
    assertEquals(RecordFormat.KIND_OFFSET, record.offset("kind"));
    Table entry = tables.get("Footer entry");
    assertEquals(Footer.HASH_LOW_OFFSET, entry.offset("low half"));
    assertEquals(Footer.HASH_HIGH_OFFSET, entry.offset("high half"));
    assertEquals(Footer.RECORD_OFFSET_OFFSET, entry.offset("offset"));
    assertEquals(Footer.RECORD_LENGTH_OFFSET, entry.offset("length"));
    assertEquals(Footer.SEQUENCE_KIND_OFFSET, entry.offset("sequence"));
  }
}
