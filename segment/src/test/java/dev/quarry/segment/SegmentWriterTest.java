package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.FIRST_SEQUENCE;
import static dev.quarry.segment.TestSegments.HASHER;
import static dev.quarry.segment.TestSegments.HEADER;
import static dev.quarry.segment.TestSegments.ID;
import static dev.quarry.segment.TestSegments.SALT;
import static dev.quarry.segment.TestSegments.STORE;
import static dev.quarry.segment.TestSegments.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.CorruptionException;
import dev.quarry.segment.TestSegments.Entry;
import dev.quarry.segment.TestSegments.Evicted;
import dev.quarry.segment.TestSegments.Listed;
import dev.quarry.segment.TestSegments.Visited;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SegmentWriterTest {

  private static final Path PATH = Path.of("/0000000007.tmp");

  /** The segment that records are copied from. */
  private static final FileHeader INPUT = FileHeader.segment(STORE, 3, 500);

  private final SimulatedDisk disk = new SimulatedDisk();
  private final Slab input = TestSegments.slab(16 * Disk.BLOCK, INPUT);

  private SegmentWriter writer() throws IOException {
    return new SegmentWriter(disk, PATH, HEADER, HASHER, new StagingBuffers(1 << 20));
  }

  private static long copy(SegmentWriter writer, Slab from, String key, int offset)
      throws IOException {
    long[] hash = hash(key);
    return writer.copy(from, offset, hash[0], hash[1]);
  }

  private static long[] hash(String key) {
    long[] hash = new long[2];
    HASHER.hash(bytes(key), hash);
    return hash;
  }

  private static Entry entry(String key, long offset, long length, long sequence, byte kind) {
    return new Entry(hash(key)[0], hash(key)[1], offset, length, sequence, kind);
  }

  @Test
  void aCopyKeepsSequenceNumberAndPayloadButNotItsPlace() throws IOException {
    TestSegments.put(input, "dead", "x".repeat(100));
    int put = TestSegments.put(input, "key", "value");
    int tombstone = TestSegments.tombstone(input, "gone");
    long putCopy;
    long tombstoneCopy;
    try (SegmentWriter writer = writer()) {
      putCopy = copy(writer, input, "key", put);
      tombstoneCopy = copy(writer, input, "gone", tombstone);
      writer.finish(502);
    }
    assertEquals(FileHeader.LENGTH, putCopy);
    assertEquals(FileHeader.LENGTH + 32, tombstoneCopy);
    byte[] image = Blocks.read(disk, PATH);
    ByteBuffer copied = TestSegments.little(image);
    assertEquals(501, RecordFormat.sequence(copied, (int) putCopy));
    assertEquals(
        RecordFormat.payloadCrc(input.head(), put), RecordFormat.payloadCrc(copied, (int) putCopy));
    assertFalse(RecordFormat.isHeader(copied, (int) putCopy, input.salt()), "bound to its segment");
    SegmentFile file = TestSegments.open(image);
    assertNull(file.damage());
    assertEquals(
        List.of(
            entry("key", putCopy, 32, 501, RecordFormat.PUT),
            entry("gone", tombstoneCopy, 28, 502, RecordFormat.TOMBSTONE)),
        TestSegments.entries(file));
    List<Visited> visited = new ArrayList<>();
    SegmentScanner scanner = TestSegments.scanner(image);
    scanner.forEachRecord(FileHeader.LENGTH, image.length, TestSegments.into(visited));
    assertEquals(
        List.of(
            new Visited(RecordFormat.PUT, "key", putCopy, 32, 501),
            new Visited(RecordFormat.TOMBSTONE, "gone", tombstoneCopy, 28, 502)),
        visited);
  }

  /** The bytes of copies, paddings included, are those of a slab with the same records. */
  @Test
  void copiesOfAllRecordsMakeTheSameFileAsASlab() throws IOException {
    Slab same = TestSegments.slab(16 * Disk.BLOCK);
    List<Visited> records = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      String value = "v".repeat(i * 37 % 300);
      TestSegments.put(same, "key" + i, value);
    }
    same.forEachRecord(same.end(), TestSegments.into(records));
    try (SegmentWriter writer = writer()) {
      for (Visited each : records) {
        assertEquals(each.offset(), writer.position());
        copy(writer, same, each.key(), (int) each.offset());
      }
      assertEquals(200, writer.entries());
      long length = writer.fileLength();
      assertEquals(length, writer.finish(same.nextSequence() - 1).fileLength());
    }
    HexDump.assertSame(TestSegments.finish(same), Blocks.read(disk, PATH), "the copy");
  }

  @Test
  void aDamagedPayloadStaysDamaged() throws IOException {
    int at = TestSegments.put(input, "key", "value");
    input.head().put(at + 24 + 4, (byte) '?');
    try (SegmentWriter writer = writer()) {
      copy(writer, input, "key", at);
      writer.finish(500);
    }
    SegmentScanner scanner = TestSegments.scanner(Blocks.read(disk, PATH));
    scanner.scan(FileHeader.LENGTH, FileHeader.LENGTH + 32);
    assertEquals(1, scanner.findings().size());
    assertEquals(FileHeader.LENGTH, scanner.findings().get(0).offset());
  }

  private static List<Evicted> evictions(int count) {
    return LongStream.range(0, count).mapToObj(i -> new Evicted(i, -i, i, 2 * i)).toList();
  }

  @Test
  void batchesAreListedInTheFooter() throws IOException {
    int put = TestSegments.put(input, "key", "value");
    List<Evicted> evictions = evictions(300);
    try (SegmentWriter writer = writer()) {
      writer.batch(
          RecordFormat.REPLACES, FIRST_SEQUENCE, TestSegments.replaced(List.of(3L, 2147483647L)));
      assertEquals(2, writer.entries());
      copy(writer, input, "key", put);
      writer.batch(RecordFormat.EVICTIONS, FIRST_SEQUENCE, TestSegments.evictions(evictions));
      long length = writer.fileLength();
      Trailer trailer = writer.finish(1234);
      assertEquals(2 + 1 + 300, trailer.entries());
      assertEquals(2, trailer.replaced());
      assertEquals(1234, trailer.highestSequence());
      assertEquals(FIRST_SEQUENCE, trailer.lowestSequence());
      assertEquals(length, trailer.fileLength());
    }
    byte[] image = Blocks.read(disk, PATH);
    SegmentFile file = TestSegments.open(image);
    assertNull(file.damage());
    List<Entry> expected = new ArrayList<>();
    expected.add(new Entry(3, 0, 64, 0, 0, Footer.REPLACED));
    expected.add(new Entry(2147483647L, 0, 64, 0, 0, Footer.REPLACED));
    expected.add(entry("key", 152, 32, 500, RecordFormat.PUT));
    evictions.forEach(
        each ->
            expected.add(
                new Entry(
                    each.low(), each.high(), 184, each.length(), each.sequence(), Footer.EVICTED)));
    assertEquals(expected, TestSegments.entries(file));
    Listed listed = new Listed();
    SegmentScanner scanner = TestSegments.scanner(image);
    scanner.forEachRecord(FileHeader.LENGTH, file.trailer().recordsEnd(), listed);
    assertEquals(evictions, listed.evicted);
    assertEquals(List.of(3L, 2147483647L), listed.replaced);
    scanner.scan(FileHeader.LENGTH, file.trailer().recordsEnd());
    assertEquals(List.of(), scanner.findings());
    assertEquals(
        List.of(3L, 2147483647L),
        SegmentFile.replaced(TestSegments.map(image), file.trailer(), PATH, SALT));
  }

  /** What is garbage is known even if the list of it is damaged. */
  @Test
  void aDamagedListOfWhatIsReplacedIsReportedAndTheFooterStillHasIt() throws IOException {
    TestSegments.put(input, "key", "value");
    byte[] image = TestSegments.compacted(input);
    for (int at : new int[] {64, 68, 80, 86, 88, 64 + 24 + 2 * 32 + 31}) {
      byte[] changed = TestSegments.damaged(image, at);
      SegmentFile file = TestSegments.open(changed);
      assertNull(file.damage());
      CorruptionException e =
          assertThrows(
              CorruptionException.class,
              () -> SegmentFile.replaced(TestSegments.map(changed), file.trailer(), PATH, SALT));
      assertEquals(FileHeader.LENGTH, e.offset());
      assertEquals(PATH, e.file());
      assertEquals(
          List.of(3L, 5L, 4L),
          TestSegments.entries(file).stream()
              .filter(entry -> entry.kind() == Footer.REPLACED)
              .map(Entry::low)
              .toList());
    }
  }

  @Test
  void aSegmentThatReplacesNoneHasNoList() throws IOException {
    TestSegments.put(input, "key", "value");
    byte[] image = TestSegments.finish(TestSegments.slab(Disk.BLOCK));
    Trailer trailer = TestSegments.trailer(image);
    assertEquals(0, trailer.replaced());
    assertEquals(List.of(), SegmentFile.replaced(TestSegments.map(image), trailer, PATH, SALT));
  }

  @Test
  void aFileWithoutRecordsIsASegment() throws IOException {
    try (SegmentWriter writer = writer()) {
      assertEquals(FileHeader.LENGTH, writer.position());
      assertEquals(Disk.BLOCK, writer.fileLength());
      writer.finish(1000);
    }
    assertEquals(List.of(), TestSegments.entries(SegmentFile.open(disk, PATH, STORE, ID, HASHER)));
  }

  @Test
  void theFileIsDurableWhenItIsFinished() throws IOException {
    TestSegments.put(input, "key", "x".repeat(30_000));
    try (SegmentWriter writer = writer()) {
      copy(writer, input, "key", FileHeader.LENGTH);
      writer.finish(500);
    }
    disk.syncDirectory(Path.of("/"));
    byte[] written = Blocks.read(disk, PATH);
    SimulatedDisk after = disk.afterCrash(Survival.NONE, 1);
    HexDump.assertSame(written, Blocks.read(after, PATH), "the file after a crash");
  }

  @Test
  void aFileThatIsThereIsNotOverwritten() throws IOException {
    Blocks.write(disk, PATH, 7);
    assertThrows(FileAlreadyExistsException.class, this::writer);
    assertEquals("7", Blocks.values(disk, PATH));
  }

  @Test
  void aFailureLeavesNothingOpen() throws IOException {
    TestSegments.put(input, "key", "value");
    for (int call = 1; call <= 3; call++) {
      disk.failAt(disk.ioCalls() + call, () -> new IOException("planted"));
      assertThrows(
          IOException.class,
          () -> {
            try (SegmentWriter writer = writer()) {
              copy(writer, input, "key", FileHeader.LENGTH);
              writer.finish(500);
            }
          });
      assertEquals(List.of(), disk.openHandles());
      disk.delete(PATH);
    }
  }
}
