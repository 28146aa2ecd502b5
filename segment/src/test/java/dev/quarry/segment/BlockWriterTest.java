package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockWriterTest {

  private static final Path PATH = Path.of("/a.seg");
  private static final int MEBI = 1 << 20;

  private final SimulatedDisk disk = new SimulatedDisk();

  private static byte[] content(int length) {
    byte[] content = new byte[length];
    new Random(length).nextBytes(content);
    return content;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 4095, 4096, 4097, 300_000, MEBI - 1, MEBI, MEBI + 1, 3 * MEBI})
  void piecesOfAnySizeBecomeOneStream(int piece) throws IOException {
    int length = piece == 1 ? 2 * Disk.BLOCK : 2 * MEBI + 3 * Disk.BLOCK;
    byte[] content = content(length);
    try (DiskFile file = disk.create(PATH)) {
      BlockWriter out = new BlockWriter(file, 0, DirectMemory.allocate(1 << 20).buffer());
      for (int at = 0; at < length; at += piece) {
        ByteBuffer bytes = ByteBuffer.wrap(content, at, Math.min(piece, length - at));
        if (at / piece % 2 == 1) {
          bytes = ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
        }
        out.put(bytes);
        assertEquals(0, bytes.remaining());
      }
      out.flush();
      assertEquals(length, file.size());
    }
    HexDump.assertSame(content, Blocks.read(disk, PATH), "the file");
  }

  @ParameterizedTest
  @ValueSource(ints = {MEBI - Disk.BLOCK, MEBI, MEBI + Disk.BLOCK, 2 * MEBI})
  void aStreamMayEndWhereTheBufferDoes(int length) throws IOException {
    byte[] content = content(length);
    try (DiskFile file = disk.create(PATH)) {
      BlockWriter out = new BlockWriter(file, 0, DirectMemory.allocate(1 << 20).buffer());
      out.put(ByteBuffer.wrap(content));
      out.flush();
      out.flush();
    }
    HexDump.assertSame(content, Blocks.read(disk, PATH), "the file");
  }

  @Test
  void whatLiesBeforeItsStartIsLeftAlone() throws IOException {
    Blocks.write(disk, PATH, 1, 2, 3);
    try (DiskFile file = disk.open(PATH)) {
      BlockWriter out =
          new BlockWriter(file, 2 * Disk.BLOCK, DirectMemory.allocate(1 << 20).buffer());
      byte[] nines = new byte[Disk.BLOCK];
      Arrays.fill(nines, (byte) 9);
      out.put(ByteBuffer.wrap(nines));
      out.flush();
      out.put(ByteBuffer.wrap(nines));
      out.zeroTo(5 * Disk.BLOCK);
      out.flush();
    }
    assertEquals("1 2 9 9 0", Blocks.values(disk, PATH));
  }

  @Test
  void zerosReachToAnOffsetOfTheFile() throws IOException {
    try (DiskFile file = disk.create(PATH)) {
      BlockWriter out = new BlockWriter(file, Disk.BLOCK, DirectMemory.allocate(1 << 20).buffer());
      out.put(ByteBuffer.wrap(new byte[] {5, 6}));
      out.zeroTo(Disk.BLOCK + 2);
      out.zeroTo(Disk.BLOCK + 10);
      out.put(ByteBuffer.wrap(new byte[] {7}));
      out.zeroTo(3 * Disk.BLOCK + MEBI);
      out.flush();
    }
    byte[] expected = new byte[3 * Disk.BLOCK + MEBI];
    expected[Disk.BLOCK] = 5;
    expected[Disk.BLOCK + 1] = 6;
    expected[Disk.BLOCK + 10] = 7;
    HexDump.assertSame(expected, Blocks.read(disk, PATH), "the file");
  }

  @Test
  void partsOfBlocksAreRefused() throws IOException {
    try (DiskFile file = disk.create(PATH)) {
      BlockWriter out = new BlockWriter(file, 0, DirectMemory.allocate(1 << 20).buffer());
      out.put(ByteBuffer.wrap(new byte[100]));
      assertThrows(IllegalArgumentException.class, out::flush);
    }
  }

  @Test
  void nothingIsLostWhenAWriteThatFailedIsRepeated() throws IOException {
    byte[] content = content(2 * MEBI + Disk.BLOCK);
    try (DiskFile file = disk.create(PATH)) {
      BlockWriter out = new BlockWriter(file, 0, DirectMemory.allocate(1 << 20).buffer());
      ByteBuffer bytes = ByteBuffer.wrap(content);
      for (int failures = 0; failures < 2; failures++) {
        disk.failAt(disk.ioCalls() + 1 + failures, () -> new IOException("planted"));
        assertThrows(IOException.class, () -> out.put(bytes));
      }
      out.put(bytes);
      disk.failAt(disk.ioCalls() + 1, () -> new IOException("planted"));
      assertThrows(IOException.class, out::flush);
      out.flush();
    }
    HexDump.assertSame(content, Blocks.read(disk, PATH), "the file");
  }
}
