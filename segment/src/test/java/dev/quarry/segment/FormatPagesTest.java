package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.PATH;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.quarry.segment.FormatPage.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The pages of {@code docs/formats} show what the code writes, and no table of theirs has a gap.
 */
class FormatPagesTest {

  private static byte[] example(String page) throws IOException {
    return FormatPage.load(page).examples().get(0);
  }

  private static byte[] compacted() throws IOException {
    return FormatPage.load("segment.md").examples().get(1);
  }

  private static Map<String, Table> tables() throws IOException {
    Map<String, Table> tables = new TreeMap<>();
    for (String page : List.of("segment.md", "wal.md", "store.md")) {
      tables.putAll(FormatPage.load(page).tables());
    }
    return tables;
  }

  @Test
  void theSegmentIsTheOneThatTheCodeWrites() throws IOException {
    byte[] example = example("segment.md");
    HexDump.assertSame(Golden.segment(), example, "the example in segment.md");
    HexDump.assertSame(Golden.load("segment.hex"), example, "the example in segment.md");
  }

  @Test
  void theCompactedSegmentIsTheOneThatTheCodeWrites() throws IOException {
    byte[] example = compacted();
    HexDump.assertSame(Golden.compacted(), example, "the second example in segment.md");
    HexDump.assertSame(Golden.load("compacted.hex"), example, "the second example in segment.md");
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
  void theStoreFileOfACacheIsTheOneThatTheCodeWrites() throws IOException {
    byte[] example = FormatPage.load("store.md").examples().get(1);
    HexDump.assertSame(Golden.cacheStore(), example, "the second example in store.md");
    HexDump.assertSame(Golden.load("cache-store.hex"), example, "the second example in store.md");
    ByteBuffer block = ByteBuffer.wrap(example);
    assertEquals(Golden.CACHE_IDENTITY, StoreIdentity.decode(block, Path.of("STORE")));
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
  void theCompactedSegmentIsReadAsThePageSays() throws IOException {
    OneFileDisk disk = new OneFileDisk(compacted());
    SegmentFile file = SegmentFile.open(disk, PATH, Golden.STORE, 9, Golden.HASHER);
    assertNull(file.damage());
    assertEquals(4, file.trailer().entries());
    assertEquals(2, file.trailer().replaced());
    long salt = RecordFormat.salt(Golden.STORE, 9);
    MappedSegment mapped = MappedSegment.map(disk, PATH);
    assertEquals(List.of(6L, 7L), SegmentFile.replaced(mapped, file.trailer(), PATH, salt));
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
    tables().values().forEach(Table::check);
    tables().forEach((name, table) -> lengths.put(name, table.length()));
    assertEquals(
        Map.of(
            "File header",
            FileHeader.LENGTH,
            "Record header",
            RecordFormat.HEADER_LENGTH,
            "Batch entry",
            Batch.ENTRY_LENGTH,
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

  @Test
  void fieldsOfTheIdentityAreWhereTheTableSays() throws IOException {
    Table table = tables().get("Identity");
    ByteBuffer block = Golden.CACHE_IDENTITY.encode();
    assertEquals(2, block.getInt(table.offset("mode")));
    assertEquals(Golden.CACHE_IDENTITY.hashSeed(), block.getLong(table.offset("seed")));
    assertEquals(Golden.CACHE_IDENTITY.maxBytes(), block.getLong(table.offset("bound")));
  }

  @Test
  void fieldsOfABatchAreWhereTheTableSays() throws IOException {
    Table entry = tables().get("Batch entry");
    ByteBuffer evicted = Batch.allocate(1);
    Batch.putEvicted(evicted, 11, 12, 13, 14);
    assertEquals(11, evicted.getLong(entry.offset("low half")));
    assertEquals(12, evicted.getLong(entry.offset("high half")));
    assertEquals(13, evicted.getLong(entry.offset("length")));
    assertEquals(14, evicted.getLong(entry.offset("sequence")));
    ByteBuffer replaced = Batch.allocate(1);
    Batch.putReplaced(replaced, 15);
    assertEquals(15, replaced.getLong(entry.offset("low half")));
    assertEquals(Batch.ENTRY_LENGTH, replaced.position());
  }
}
