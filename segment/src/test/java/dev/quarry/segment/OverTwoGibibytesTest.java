package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.HASHER;
import static dev.quarry.segment.TestSegments.HEADER;
import static dev.quarry.segment.TestSegments.ID;
import static dev.quarry.segment.TestSegments.SALT;
import static dev.quarry.segment.TestSegments.STORE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.segment.SegmentScanner.Finding;
import dev.quarry.segment.TestSegments.Visited;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A segment of a value so long that no one mapping holds the file. All but one of the tests lay the
 * file out by hand, with a hole in it, and so take no space on a disk that knows holes.
 */
class OverTwoGibibytesTest {

  private static final int LONGEST = Integer.MAX_VALUE;
  private static final byte[] KEY = TestSegments.bytes("12345678");
  private static final long VALUE_OFFSET = FileHeader.LENGTH + RecordFormat.length(KEY.length, 0);
  private static final long LENGTH = RecordFormat.length(KEY.length, LONGEST);
  private static final long RECORDS_END = RecordFormat.align(FileHeader.LENGTH + LENGTH);

  @TempDir private Path directory;

  private final Disk disk = new FileSystemDisk();

  /** The file, with a value of zeros but for its ends, and a checksum that is not its own. */
  private Path layOut() throws IOException {
    Path path = directory.resolve("a.seg");
    FooterBuilder footer = new FooterBuilder(HASHER);
    footer.record(RecordFormat.PUT, KEY, FileHeader.LENGTH, LENGTH, 1000);
    Trailer trailer = footer.trailer(HEADER, RECORDS_END, 1000);
    try (DiskFile file = disk.create(path)) {
      file.write(start(), 0);
      ByteBuffer end = DirectMemory.allocate(Disk.BLOCK).buffer();
      long lastBlock = RECORDS_END & -Disk.BLOCK;
      int valueEnd = (int) (VALUE_OFFSET + LONGEST - lastBlock);
      end.put(valueEnd - 1, (byte) 'z');
      BlockWriter out = new BlockWriter(file, lastBlock, DirectMemory.allocate(1 << 20).buffer());
      out.put(end.duplicate().limit((int) (RECORDS_END - lastBlock)));
      footer.write(out, trailer, SALT);
    }
    assertEquals(trailer.fileLength(), disk.size(path));
    return path;
  }

  private static ByteBuffer start() {
    ByteBuffer start = DirectMemory.allocate(Disk.BLOCK).buffer().order(ByteOrder.LITTLE_ENDIAN);
    HEADER.encode(start);
    RecordFormat.encodeHeader(
        start, FileHeader.LENGTH, SALT, LENGTH, 1000, 0, KEY.length, RecordFormat.PUT);
    start.putInt(FileHeader.LENGTH, (int) LENGTH);
    start.put(FileHeader.LENGTH + RecordFormat.HEADER_LENGTH, KEY);
    start.put((int) VALUE_OFFSET, (byte) 'a');
    return start;
  }

  @Test
  void theValueIsReadFromItsOwnMapping() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, layOut());
    assertEquals(Footer.fileLength(RECORDS_END, 1), segment.size());
    assertTrue(segment.size() > 1L << 31);
    assertTrue(RecordFormat.isHeader(segment.head(), FileHeader.LENGTH, SALT));
    assertEquals(LONGEST, RecordFormat.valueLength(segment.head(), FileHeader.LENGTH));
    assertEquals(ByteBuffer.wrap(KEY), segment.slice(VALUE_OFFSET - KEY.length, KEY.length));
    ByteBuffer value = segment.slice(VALUE_OFFSET, LONGEST);
    assertEquals('a', value.get(0));
    assertEquals(0, value.get(1 << 30));
    assertEquals('z', value.get(LONGEST - 1));
    byte[] end = new byte[2];
    segment.copyTo(end, VALUE_OFFSET + LONGEST - 2);
    assertEquals('z', end[1]);
    ByteBuffer copy = ByteBuffer.allocate(2);
    segment.copyTo(copy, VALUE_OFFSET + LONGEST - 2, 2);
    assertEquals('z', copy.get(1));
    segment.retire();
  }

  @Test
  void itsEndsAreRead() throws IOException {
    Path path = layOut();
    SegmentFile file = SegmentFile.open(disk, path, STORE, ID, HASHER);
    assertNull(file.damage());
    assertEquals(1, TestSegments.entries(file).size());
    assertEquals(LENGTH, TestSegments.entries(file).get(0).length());
    damage(path, RECORDS_END);
    SegmentFile rebuilt = SegmentFile.open(disk, path, STORE, ID, HASHER);
    assertFalse(rebuilt.damage() == null);
    assertEquals(TestSegments.entries(file), TestSegments.entries(rebuilt));
    assertEquals(file.trailer(), rebuilt.trailer());
  }

  @Test
  void aDamagedHeaderOfItsOnlyRecordIsNotBelieved() throws IOException {
    Path path = layOut();
    damage(path, FileHeader.LENGTH + RecordFormat.KEY_LENGTH_OFFSET);
    damage(path, RECORDS_END);
    assertThrows(CorruptionException.class, () -> SegmentFile.open(disk, path, STORE, ID, HASHER));
  }

  /** Where there can be no record, a header that is right leads out of the mappings. */
  @Test
  void noRecordReachesBeyondTheMappings() throws IOException {
    Path path = layOut();
    long at = (1L << 31) - 64;
    ByteBuffer block = DirectMemory.allocate(Disk.BLOCK).buffer().order(ByteOrder.LITTLE_ENDIAN);
    try (DiskFile file = disk.open(path)) {
      int within = (int) (at % Disk.BLOCK);
      for (int keyLength : new int[] {1, 40, 41, 60_000}) {
        ByteBuffer copy = ByteBuffer.allocate(2 * Disk.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        RecordFormat.encodeHeader(
            copy, 0, SALT + at, 24L + keyLength, 1, 0, keyLength, RecordFormat.TOMBSTONE);
        copy.putInt(0, 24 + keyLength);
        block.put(within, copy, 0, RecordFormat.HEADER_LENGTH);
        file.write(block.duplicate(), at & -Disk.BLOCK);
        MappedSegment segment = MappedSegment.map(disk, path);
        assertTrue(RecordFormat.isHeader(segment.head(), (int) at, SALT));
        SegmentScanner scanner = new SegmentScanner(segment, SALT);
        List<Visited> visited = new ArrayList<>();
        scanner.forEachRecord(at, segment.size(), TestSegments.into(visited));
        assertEquals(keyLength <= 39 ? 1 : 0, visited.size(), "key of " + keyLength);
        scanner.scan(at, segment.size());
        for (Finding finding : scanner.findings()) {
          assertTrue(finding.offset() >= at && finding.offset() < segment.size());
        }
        segment.retire();
      }
    }
  }

  @Test
  void aScanCountsTheRecord() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, layOut());
    SegmentScanner scanner = new SegmentScanner(segment, SALT);
    assertEquals(RECORDS_END, scanner.endOfHeaders(FileHeader.LENGTH, RECORDS_END));
    List<Visited> visited = new ArrayList<>();
    scanner.forEachRecord(FileHeader.LENGTH, RECORDS_END, TestSegments.into(visited));
    assertEquals(
        List.of(new Visited(RecordFormat.PUT, "12345678", FileHeader.LENGTH, LENGTH, 1000)),
        visited);
    segment.retire();
  }

  @Test
  void bothMappingsEndTogether() throws IOException {
    Path path = layOut();
    RecordingDisk recorder = new RecordingDisk(disk);
    MappedSegment segment = MappedSegment.map(recorder.disk(), path);
    assertEquals(2, recorder.mappings.size());
    assertTrue(segment.tryPin());
    segment.retire();
    recorder.mappings.forEach(Mapping::buffer);
    segment.unpin();
    for (Mapping mapping : recorder.mappings) {
      assertThrows(IllegalStateException.class, mapping::buffer);
    }
  }

  @Test
  void theFirstMappingEndsWhenThereIsNoSecond() throws IOException {
    Path path = layOut();
    RecordingDisk recorder = new RecordingDisk(disk);
    Disk failing =
        new FaultyDisk(
            recorder.disk(),
            (operation, file) ->
                operation == FaultyDisk.Operation.MAP && recorder.mappings.size() == 1
                    ? new IOException("planted")
                    : null);
    assertThrows(IOException.class, () -> MappedSegment.map(failing, path));
    assertThrows(IllegalStateException.class, () -> recorder.mappings.get(0).buffer());
  }

  private void damage(Path path, long offset) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, offset);
      one.put(0, (byte) (one.get(0) ^ 0x10));
      channel.write(one.rewind(), offset);
    }
  }

  /** Writes and reads 2 GiB: {@code -Dquarry.test.huge=true}. The key ends at an odd offset. */
  @Test
  @EnabledIfSystemProperty(named = "quarry.test.huge", matches = "true")
  void theLongestValueIsWrittenAndVerified() throws IOException {
    byte[] key = TestSegments.bytes("odd");
    Path source = directory.resolve("value");
    try (FileChannel channel =
        FileChannel.open(
            Files.createFile(source), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {'z'}), LONGEST - 1);
      channel.write(ByteBuffer.wrap(new byte[] {'m'}), 1 << 30);
      ByteBuffer value = channel.map(FileChannel.MapMode.READ_ONLY, 0, LONGEST);
      Path path = directory.resolve("b.seg");
      LargeValueWriterTest.write(disk, path, key, value);
      SegmentFile file = SegmentFile.open(disk, path, STORE, ID, HASHER);
      assertNull(file.damage());
      MappedSegment segment = MappedSegment.map(disk, path);
      assertTrue(segment.isPayloadIntact(FileHeader.LENGTH));
      assertEquals(value, segment.slice(FileHeader.LENGTH + 24 + key.length, LONGEST));
      SegmentScanner scanner = new SegmentScanner(segment, SALT);
      scanner.scan(FileHeader.LENGTH, file.trailer().recordsEnd());
      assertEquals(List.of(), scanner.findings());
      assertEquals(1, scanner.puts());
      segment.retire();
      damage(path, 1L << 31);
      MappedSegment damaged = MappedSegment.map(disk, path);
      assertFalse(damaged.isPayloadIntact(FileHeader.LENGTH));
      damaged.retire();
    }
  }
}
