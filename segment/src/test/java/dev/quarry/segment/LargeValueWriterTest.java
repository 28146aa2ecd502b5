package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.FIRST_SEQUENCE;
import static dev.quarry.segment.TestSegments.HASHER;
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
    return write(disk, PATH, KEY, value);
  }

  /** Writes what remains of a buffer. */
  static Trailer write(Disk disk, Path path, byte[] key, ByteBuffer value) throws IOException {
    ByteBuffer staging = DirectMemory.allocate(MEBI).buffer();
    ByteBuffer rest = value.duplicate();
    try (LargeValueWriter writer = new LargeValueWriter(disk, path, STORE, ID, key, staging)) {
      while (rest.hasRemaining()) {
        ByteBuffer room = writer.room();
        int chunk = Math.min(room.remaining(), rest.remaining());
        room.put(rest.slice(rest.position(), chunk));
        rest.position(rest.position() + chunk);
        if (writer.isFull()) {
          writer.writeStaged();
        }
      }
      return writer.finish(FIRST_SEQUENCE, HASHER);
    }
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

  /** In pieces of any size, as a stream gives them. */
  @Test
  void theValueIsWhatWasPutIntoTheRoom() throws IOException {
    byte[] value = value(3 * MEBI + 17);
    Random random = new Random(5);
    ByteBuffer staging = DirectMemory.allocate(MEBI).buffer();
    try (LargeValueWriter writer = new LargeValueWriter(disk, PATH, STORE, ID, KEY, staging)) {
      for (int at = 0; at < value.length; ) {
        int most = Math.min(writer.room().remaining(), value.length - at);
        int chunk = Math.min(most, 1 + random.nextInt(100_000));
        writer.room().put(value, at, chunk);
        at += chunk;
        assertEquals(RecordFormat.length(KEY.length, at), writer.recordLength());
        if (writer.isFull()) {
          writer.writeStaged();
        }
      }
      assertEquals(writer.fileLength(), writer.finish(FIRST_SEQUENCE, HASHER).fileLength());
    }
    HexDump.assertSame(expected(value), Blocks.read(disk, PATH), "the file");
  }

  /** Each call of a large value, and each of those that write it again after that, is cut short. */
  @Test
  void aValueIsWholeWhicheverCallsAnInterruptCutShort() throws IOException {
    byte[] value = value(2 * MEBI + 5);
    long calls = 1 + 4 + 1; // create, write, force
    for (int first = 2; first <= calls; first++) {
      for (int second = 0; second <= 6; second++) {
        SimulatedDisk fresh = new SimulatedDisk(first * 31L + second);
        fresh.failAt(first, LargeValueWriterTest::interrupt);
        if (second > 0) {
          fresh.failAt(first + second, LargeValueWriterTest::interrupt);
        }
        write(fresh, PATH, KEY, ByteBuffer.wrap(value));
        if (!isDirectorySynced(fresh)) {
          continue; // the second interrupt was left for it: the name may be lost
        }
        SimulatedDisk after = fresh.afterCrash(Survival.NONE, 1);
        HexDump.assertSame(expected(value), Blocks.read(after, PATH), first + ", " + second);
      }
    }
  }

  private static boolean isDirectorySynced(Disk disk) throws IOException {
    try {
      disk.syncDirectory(Path.of("/"));
      return true;
    } catch (DiskInterruptedException e) {
      return false;
    }
  }

  private static IOException interrupt() {
    return new DiskInterruptedException("planted", null);
  }

  @Test
  void whatAnInterruptMadeTheDiskForgetIsNoticed() {
    byte[] value = value(2 * MEBI + 5);
    Disk forgetful =
        new ForwardingDisk(disk) {
          @Override
          public DiskFile create(Path path) throws IOException {
            return new ForwardingFile(super.create(path)) {
              @Override
              public void force() throws IOException {
                write(DirectMemory.allocate(Disk.BLOCK).buffer(), MEBI);
                throw interrupt();
              }
            };
          }
        };
    IOException e =
        assertThrows(IOException.class, () -> write(forgetful, PATH, KEY, ByteBuffer.wrap(value)));
    assertEquals(PATH + " does not hold what was written to it", e.getMessage());
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
