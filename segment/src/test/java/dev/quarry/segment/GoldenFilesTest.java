package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Entry;
import dev.quarry.segment.TestSegments.Visited;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The code writes the golden files to the last bit, and reads them. They were checked once by a
 * reader written in another language from {@code docs/formats}. A golden file is never changed: a
 * new format version gets new ones beside them.
 */
class GoldenFilesTest {

  @Test
  void storeIsWrittenAsEver() throws IOException {
    HexDump.assertSame(Golden.load("store.hex"), Golden.store(), "STORE");
  }

  @Test
  void storeOfACacheIsWrittenAsEver() throws IOException {
    HexDump.assertSame(Golden.load("cache-store.hex"), Golden.cacheStore(), "STORE of a cache");
  }

  @Test
  void storeOfACacheIsRead() throws IOException {
    ByteBuffer block = ByteBuffer.wrap(Golden.load("cache-store.hex"));
    assertEquals(Golden.CACHE_IDENTITY, StoreIdentity.decode(block, Path.of("STORE")));
  }

  @Test
  void segmentIsWrittenAsEver() throws IOException {
    HexDump.assertSame(Golden.load("segment.hex"), Golden.segment(), "the segment");
  }

  @Test
  void compactedSegmentIsWrittenAsEver() throws IOException {
    HexDump.assertSame(Golden.load("compacted.hex"), Golden.compacted(), "the compacted segment");
  }

  @Test
  void logIsWrittenAsEver() throws IOException {
    HexDump.assertSame(Golden.load("log.hex"), Golden.tornLog(), "the log");
  }

  @Test
  void storeIsRead() throws IOException {
    ByteBuffer block = ByteBuffer.wrap(Golden.load("store.hex"));
    assertEquals(Golden.IDENTITY, StoreIdentity.decode(block, Path.of("STORE")));
  }

  @Test
  void segmentIsRead() throws IOException {
    OneFileDisk disk = new OneFileDisk(Golden.load("segment.hex"));
    SegmentFile file =
        SegmentFile.open(disk, TestSegments.PATH, Golden.STORE, 7, new Xxh3KeyHash(1));
    assertNull(file.damage());
    assertEquals(0xf0, file.trailer().recordsEnd());
    assertEquals(0, file.trailer().replaced());
    assertEquals(1000, file.trailer().lowestSequence());
    assertEquals(1005, file.trailer().highestSequence());
    assertEquals(
        List.of(
            entry("alpha", 0x40, 32, 1000, RecordFormat.PUT),
            entry("beta", 0x60, 40, 1001, RecordFormat.PUT),
            entry("alpha", 0xa8, 29, 1003, RecordFormat.TOMBSTONE)),
        TestSegments.entries(file));
  }

  @Test
  void compactedSegmentIsRead() throws IOException {
    byte[] image = Golden.load("compacted.hex");
    OneFileDisk disk = new OneFileDisk(image);
    Path path = TestSegments.PATH;
    SegmentFile file = SegmentFile.open(disk, path, Golden.STORE, 9, Golden.HASHER);
    assertNull(file.damage());
    assertEquals(0xf8, file.trailer().recordsEnd());
    assertEquals(800, file.trailer().lowestSequence());
    assertEquals(1005, file.trailer().highestSequence());
    long[] alpha = Golden.hash("alpha");
    assertEquals(
        List.of(
            new Entry(6, 0, 0x40, 0, 0, Footer.REPLACED),
            new Entry(7, 0, 0x40, 0, 0, Footer.REPLACED),
            entry("beta", 0x98, 40, 1001, RecordFormat.PUT),
            new Entry(alpha[0], alpha[1], 0xc0, 0, 1003, Footer.EVICTED)),
        TestSegments.entries(file));
    assertEquals(file.trailer(), SegmentFile.openTrailer(disk, path, Golden.STORE, 9));
    MappedSegment mapped = MappedSegment.map(disk, path);
    long salt = RecordFormat.salt(Golden.STORE, 9);
    assertEquals(List.of(6L, 7L), SegmentFile.replaced(mapped, file.trailer(), path, salt));
    SegmentScanner scanner = new SegmentScanner(mapped, salt);
    scanner.scan(FileHeader.LENGTH, 0xf8);
    assertEquals(List.of(), scanner.findings());
    assertEquals(1, scanner.puts());
    assertEquals(2, scanner.others());
  }

  private static Entry entry(String key, long offset, long length, long sequence, byte kind) {
    long[] hash = Golden.hash(key);
    return new Entry(hash[0], hash[1], offset, length, sequence, kind);
  }

  @Test
  void recordsOfTheSegmentAreRead() throws IOException {
    byte[] image = Golden.load("segment.hex");
    MappedSegment mapped = TestSegments.map(image);
    SegmentScanner scanner = TestSegments.scanner(image);
    assertEquals(0xf0, scanner.endOfChain(FileHeader.LENGTH, 0xf0));
    scanner.scan(FileHeader.LENGTH, 0xf0);
    assertEquals(List.of(), scanner.findings());
    assertEquals(2, scanner.puts());
    assertEquals(1, scanner.tombstones());
    assertEquals(2, scanner.others());
    List<Visited> visited = new ArrayList<>();
    scanner.forEachRecord(FileHeader.LENGTH, 0xf0, TestSegments.into(visited));
    assertEquals(
        List.of(
            new Visited(RecordFormat.PUT, "alpha", 0x40, 32, 1000),
            new Visited(RecordFormat.PUT, "beta", 0x60, 40, 1001),
            new Visited(RecordFormat.TOMBSTONE, "alpha", 0xa8, 29, 1003)),
        visited);
    byte[] value = new byte[12];
    mapped.copyTo(value, 0x7c);
    assertArrayEquals(bytes("second value"), value);
  }

  @Test
  void headerOfTheSegmentIsRead() throws IOException {
    ByteBuffer image = ByteBuffer.wrap(Golden.load("segment.hex"));
    assertEquals(
        new FileHeader(FileHeader.SEGMENT_MAGIC, Golden.STORE, 7, 1000, 0x3fe0c8, 6),
        FileHeader.decodeSegment(image, TestSegments.PATH, Golden.STORE, 7));
  }

  @Test
  void tornTailOfTheLogIsCutSilently() throws IOException {
    SegmentScanner scanner = logScanner(Golden.load("log.hex"));
    assertEquals(0xd0, scanner.endOfChain(FileHeader.LENGTH, Disk.BLOCK));
    assertEquals(0, scanner.furthestMark(0xd0, Disk.BLOCK));
  }

  @Test
  void damageToWhatTheLogHadSyncedIsToldFromATornTail() throws IOException {
    byte[] log = Golden.load("log.hex");
    for (int at = FileHeader.LENGTH; at < 0xb0; at++) {
      boolean padding = (at >= 0x61 && at < 0x68) || at >= 0xab;
      if (!padding) {
        SegmentScanner scanner = logScanner(TestSegments.damaged(log, at));
        long end = scanner.endOfChain(FileHeader.LENGTH, Disk.BLOCK);
        assertTrue(end <= at, "damage at " + at + " is not in the chain up to " + end);
        assertEquals(0xb0, scanner.furthestMark(end, Disk.BLOCK), "damage at " + at);
      }
    }
  }

  private static SegmentScanner logScanner(byte[] log) throws IOException {
    MappedSegment mapped = MappedSegment.map(new OneFileDisk(log), Golden.LOG_PATH);
    return new SegmentScanner(mapped, RecordFormat.salt(Golden.STORE, Golden.LOG_ID));
  }
}
