package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * A file of a simulated disk, under whatever names. It keeps what is durable, what the running
 * process sees, and every change in between. Guarded by the lock of its disk.
 */
final class SimulatedFile implements SimulatedNode {

  private final Content durable;
  private final Content current;
  private final List<FileChange> changes = new ArrayList<>();

  /** Those not yet unmapped. */
  final List<SimulatedMapping> mappings = new ArrayList<>();

  /** How often it is open for writing. */
  int writers;

  /** How many names it has. */
  int links;

  SimulatedFile() {
    this(new Content());
  }

  /** A file whose content is durable. */
  SimulatedFile(Content content) {
    this.durable = content;
    this.current = content.copy();
  }

  long size() {
    return current.size();
  }

  void read(ByteBuffer destination, long position) {
    current.read(destination, position);
  }

  /**
   * Writes those sectors of the source that reach the file, and leaves its position alone.
   *
   * @param reaches tells of each sector, counted from 0
   */
  void write(long call, ByteBuffer source, long position, IntPredicate reaches) {
    int firstBlock = Math.toIntExact(position / Disk.BLOCK);
    List<byte[]> blocks = new ArrayList<>(source.remaining() / Disk.BLOCK);
    int written = 0;
    for (int at = 0; at < source.remaining(); at += Content.SECTOR) {
      int sector = at / Content.SECTOR;
      int within = at % Disk.BLOCK;
      if (within == 0) {
        blocks.add(current.block(firstBlock + at / Disk.BLOCK).clone());
      }
      if (reaches.test(sector)) {
        source.get(source.position() + at, blocks.get(at / Disk.BLOCK), within, Content.SECTOR);
        written = at + Content.SECTOR;
      }
    }
    if (written > 0) {
      change(new FileChange.Write(call, firstBlock, blocks, position + written));
    }
  }

  void truncate(long call, long size) {
    change(new FileChange.Cut(call, size));
  }

  private void change(FileChange change) {
    change.apply(current);
    changes.add(change);
  }

  /** Makes all changes durable but those that an earlier force failed on. */
  void force() {
    if (changes.stream().noneMatch(change -> change.lost)) {
      changes.forEach(change -> change.apply(durable));
      changes.clear();
    }
    for (FileChange change : changes) {
      change.forced = !change.lost;
    }
  }

  /** From now on the changes are in the cache only, whatever is forced later. */
  void failForce() {
    for (FileChange change : changes) {
      change.lost = !change.forced;
    }
  }

  /** The calls whose changes a crash may take back. */
  List<Long> unforcedCalls() {
    return changes.stream().filter(change -> !change.forced).map(change -> change.call).toList();
  }

  /** What a crash leaves. */
  Content survivors(Survival survival, long lastCall, SplittableRandom random) {
    if (survival == Survival.TORN) {
      return torn(random);
    }
    double share = random.nextDouble();
    Content content = durable.copy();
    for (FileChange change : changes) {
      if (change.forced || survival.keeps(change.call, lastCall, share, random)) {
        change.apply(content);
      }
    }
    return content;
  }

  private Content torn(SplittableRandom random) {
    NavigableMap<Integer, List<byte[]>> versions = new TreeMap<>();
    long smallest = durable.size();
    long largest = smallest;
    for (FileChange change : changes) {
      change.addVersions(versions, durable);
      smallest = change.smallest(smallest);
      largest = change.largest(largest);
    }
    int sectors = (int) ((largest - smallest) / Content.SECTOR);
    Content content = durable.copy();
    content.resize(smallest + (long) Content.SECTOR * random.nextInt(sectors + 1));
    versions.forEach((block, all) -> content.put(block, mixed(all, random)));
    return content;
  }

  /** A block of sectors that may be of different versions. */
  private static byte[] mixed(List<byte[]> versions, SplittableRandom random) {
    byte[] newest = versions.get(versions.size() - 1);
    byte[] block = newest.clone();
    double share = random.nextDouble();
    for (int at = 0; at < Disk.BLOCK; at += Content.SECTOR) {
      if (random.nextDouble() >= share) {
        byte[] version = versions.get(random.nextInt(versions.size()));
        System.arraycopy(version, at, block, at, Content.SECTOR);
      }
    }
    return block;
  }
}
