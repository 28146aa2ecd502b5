package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.HASHER;
import static dev.quarry.segment.TestSegments.HEADER;
import static dev.quarry.segment.TestSegments.ID;
import static dev.quarry.segment.TestSegments.STORE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LargeValueWriterTest {

  private static final Path PATH = Path.of("/0000000007.tmp");
  private static final byte[] KEY = TestSegments.bytes("key");

  /** Bytes of the file before the value. */
  private static final int START = FileHeader.LENGTH + RecordFormat.HEADER_LENGTH + KEY.length;

  private static final int FOOTER = Footer.ENTRY_LENGTH + Footer.TRAILER_LENGTH;
  private static final int MEBI = 1 << 20;

  private final SimulatedDisk disk = new SimulatedDisk();

  private static byte[] value(int length) {
    byte[] value = new byte[length];
    new Random(length).nextBytes(value);
    return value;
  }

  private Trailer write(ByteBuffer value) throws IOException {
    return LargeValueWriter.write(
        disk, PATH, HEADER, 1000, KEY, value, HASHER, new StagingBuffers(1 << 20));
  }

  /** A slab that holds the same record makes the same file. */
  private static byte[] expected(byte[] value) {
    Slab slab = TestSegments.slab((value.length + 2 * Disk.BLOCK) & -Disk.BLOCK);
    assertEquals(FileHeader.LENGTH, TestSegments.append(slab, RecordFormat.PUT, KEY, value));
    return TestSegments.finish(slab);
  }

  private void check(int length) throws IOException {
    byte[] value = value(length);
    Trailer trailer = write(ByteBuffer.wrap(value));
    byte[] file = Blocks.read(disk, PATH);
    HexDump.assertSame(expected(value), file, "a value of " + length);
    assertEquals(TestSegments.trailer(file), trailer);
    assertEquals(List.of(), disk.openHandles());
    disk.delete(PATH);
  }

  /** Where value, record, footer or file end at, just before or just behind a block's end. */
  @ParameterizedTest
  @ValueSource(ints = {Disk.BLOCK, 2 * Disk.BLOCK, MEBI, MEBI + Disk.BLOCK, 2 * MEBI})
  void sizesAroundBlocksAndTheStagingBuffer(int boundary) throws IOException {
    for (int before : new int[] {START, START + Footer.TRAILER_LENGTH, START + FOOTER}) {
      for (int more = -9; more <= 9; more++) {
        check(boundary - before + more);
      }
    }
  }

  @Test
  void smallSizes() throws IOException {
    for (int length = 0; length < 20; length++) {
      check(length);
    }
  }

  @Test
  void theFileIsASegmentOfOneRecord() throws IOException {
    byte[] value = value(3 * MEBI);
    write(ByteBuffer.wrap(value));
    SegmentFile file = SegmentFile.open(disk, PATH, STORE, ID, HASHER);
    assertNull(file.damage());
    assertEquals(1, file.trailer().entries());
    assertEquals(1000, file.trailer().highestSequence());
    MappedSegment mapped = MappedSegment.map(disk, PATH);
    assertTrue(mapped.isPayloadIntact(FileHeader.LENGTH));
    byte[] read = new byte[value.length];
    mapped.copyTo(read, START);
    HexDump.assertSame(value, read, "the value");
    mapped.retire();
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void theSequenceNumberNeedNotBeTheFirst() throws IOException {
    Trailer trailer =
        LargeValueWriter.write(
            disk,
            PATH,
            HEADER,
            1234,
            KEY,
            ByteBuffer.allocate(9),
            HASHER,
            new StagingBuffers(1 << 20));
    assertEquals(1000, trailer.lowestSequence());
    assertEquals(1234, trailer.highestSequence());
  }

  @Test
  void theValueIsWhatRemainsAndItsPositionStays() throws IOException {
    byte[] value = value(5000);
    ByteBuffer heap = ByteBuffer.allocate(6000).position(100).put(value).flip().position(100);
    ByteBuffer direct = ByteBuffer.allocateDirect(6000).put(heap.duplicate()).flip();
    for (ByteBuffer buffer : List.of(heap, direct, heap.asReadOnlyBuffer())) {
      int position = buffer.position();
      write(buffer);
      assertEquals(position, buffer.position());
      assertEquals(5000, buffer.remaining());
      HexDump.assertSame(expected(value), Blocks.read(disk, PATH), "the file");
      disk.delete(PATH);
    }
  }

  @Test
  void theFileIsDurableWhenTheWriterReturns() throws IOException {
    byte[] value = value(MEBI + 5);
    write(ByteBuffer.wrap(value));
    disk.syncDirectory(Path.of("/"));
    SimulatedDisk after = disk.afterCrash(Survival.NONE, 1);
    HexDump.assertSame(expected(value), Blocks.read(after, PATH), "the file after a crash");
  }

  @Test
  void aFileThatIsThereIsNotOverwritten() throws IOException {
    Blocks.write(disk, PATH, 7);
    assertThrows(FileAlreadyExistsException.class, () -> write(ByteBuffer.allocate(10)));
    assertEquals("7", Blocks.values(disk, PATH));
  }

  @Test
  void aFailureLeavesNothingOpen() throws IOException {
    for (int call = 1; call <= 4; call++) {
      disk.failAt(disk.ioCalls() + call, () -> new IOException("planted"));
      assertThrows(IOException.class, () -> write(ByteBuffer.allocate(MEBI + 10)));
      assertEquals(List.of(), disk.openHandles());
      disk.delete(PATH);
    }
  }
}
