package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The bytes of a simulated file at one moment. Blocks are never changed once they are in, so copies
 * share them. Bytes past the size, in its last block, are zero.
 */
final class Content {

  static final int SECTOR = 512;

  private static final byte[] ZEROS = new byte[Disk.BLOCK];

  private final List<byte[]> blocks;
  private long size;

  Content() {
    this(new ArrayList<>(), 0);
  }

  private Content(List<byte[]> blocks, long size) {
    this.blocks = blocks;
    this.size = size;
  }

  Content copy() {
    return new Content(new ArrayList<>(blocks), size);
  }

  long size() {
    return size;
  }

  int blockCount() {
    return blocks.size();
  }

  /** A block, zeros where there is none. */
  byte[] block(int index) {
    return index < blocks.size() ? blocks.get(index) : ZEROS;
  }

  /** Puts a block in its place; the size does not change, nor do bytes past it. */
  void put(int index, byte[] block) {
    int kept = (int) Math.max(0, Math.min(Disk.BLOCK, size - (long) index * Disk.BLOCK));
    if (kept == Disk.BLOCK) {
      blocks.set(index, block);
    } else if (kept > 0) {
      blocks.set(index, Arrays.copyOf(Arrays.copyOf(block, kept), Disk.BLOCK));
    }
  }

  /** Cuts the file, or lengthens it with zeros. */
  void resize(long newSize) {
    int count = Math.toIntExact((newSize + Disk.BLOCK - 1) / Disk.BLOCK);
    if (count < blocks.size()) {
      blocks.subList(count, blocks.size()).clear();
    }
    while (blocks.size() < count) {
      blocks.add(ZEROS);
    }
    boolean cut = newSize < size;
    size = newSize;
    if (cut && count > 0) {
      put(count - 1, blocks.get(count - 1));
    }
  }

  void read(ByteBuffer destination, long position) {
    long at = position;
    long end = Math.min(size, position + destination.remaining());
    while (at < end) {
      int within = (int) (at % Disk.BLOCK);
      int length = (int) Math.min(Disk.BLOCK - within, end - at);
      destination.put(blocks.get((int) (at / Disk.BLOCK)), within, length);
      at += length;
    }
  }
}
