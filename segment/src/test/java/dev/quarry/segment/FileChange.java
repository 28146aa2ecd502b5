package dev.quarry.segment;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;

/** A write or cut of a simulated file that is not, or not surely, durable. */
abstract class FileChange {

  /** The number of the I/O call that made it. */
  final long call;

  /** Whether a force covered it although changes before it are lost. */
  boolean forced;

  /** Whether a force of it failed, so that no later one covers it. */
  boolean lost;

  private FileChange(long call) {
    this.call = call;
  }

  abstract void apply(Content content);

  /** Adds to the versions that each block had, oldest first. */
  abstract void addVersions(NavigableMap<Integer, List<byte[]>> versions, Content durable);

  /** The smallest size the file may have after this, given the one before. */
  abstract long smallest(long before);

  /** The largest size the file may have after this, given the one before. */
  abstract long largest(long before);

  final List<byte[]> versions(
      NavigableMap<Integer, List<byte[]>> versions, int block, Content durable) {
    return versions.computeIfAbsent(block, b -> new ArrayList<>(List.of(durable.block(b))));
  }

  final void addVersion(List<byte[]> versions, byte[] block) {
    if (forced) {
      versions.clear();
    }
    versions.add(block);
  }

  /** Blocks that were written. */
  static final class Write extends FileChange {

    private final int firstBlock;
    private final List<byte[]> blocks;
    private final long end;

    /**
     * @param end how far the file reaches at least, which is within the last block
     */
    Write(long call, int firstBlock, List<byte[]> blocks, long end) {
      super(call);
      this.firstBlock = firstBlock;
      this.blocks = blocks;
      this.end = end;
    }

    @Override
    void apply(Content content) {
      content.resize(Math.max(content.size(), end));
      for (int i = 0; i < blocks.size(); i++) {
        content.put(firstBlock + i, blocks.get(i));
      }
    }

    @Override
    void addVersions(NavigableMap<Integer, List<byte[]>> versions, Content durable) {
      for (int i = 0; i < blocks.size(); i++) {
        addVersion(versions(versions, firstBlock + i, durable), blocks.get(i));
      }
    }

    @Override
    long smallest(long before) {
      return forced ? Math.max(before, end) : before;
    }

    @Override
    long largest(long before) {
      return Math.max(before, end);
    }
  }

  /** A cut to a smaller size. */
  static final class Cut extends FileChange {

    private final long size;

    Cut(long call, long size) {
      super(call);
      this.size = size;
    }

    @Override
    void apply(Content content) {
      content.resize(Math.min(content.size(), size));
    }

    @Override
    void addVersions(NavigableMap<Integer, List<byte[]>> versions, Content durable) {
      int first = (int) (size / Disk.BLOCK);
      for (int block = first; block < durable.blockCount(); block++) {
        versions(versions, block, durable);
      }
      byte[] zeros = new byte[Disk.BLOCK];
      versions.tailMap(first, true).values().forEach(block -> addVersion(block, zeros));
    }

    @Override
    long smallest(long before) {
      return Math.min(before, size);
    }

    @Override
    long largest(long before) {
      return forced ? Math.min(before, size) : before;
    }
  }
}
