package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.agrona.BufferUtil;

/** Blocks to write, and what became of them. */
final class Blocks {

  private Blocks() {}

  /** Aligned blocks, each filled with one of the values. */
  static ByteBuffer of(int... values) {
    ByteBuffer blocks = BufferUtil.allocateDirectAligned(values.length * Disk.BLOCK, Disk.BLOCK);
    for (int value : values) {
      byte[] block = new byte[Disk.BLOCK];
      Arrays.fill(block, (byte) value);
      blocks.put(block);
    }
    return blocks.flip();
  }

  /** All bytes of a file. */
  static byte[] read(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.array();
    }
  }

  /** The first byte of each block of a file. */
  static String values(Disk disk, Path path) throws IOException {
    byte[] bytes = read(disk, path);
    StringBuilder values = new StringBuilder();
    for (int at = 0; at < bytes.length; at += Disk.BLOCK) {
      values.append(at == 0 ? "" : " ").append(bytes[at]);
    }
    return values.toString();
  }

  /** Writes a whole file and forces it, but not its name. */
  static void write(Disk disk, Path path, int... values) throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(of(values), 0);
      file.force();
    }
  }
}
