package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;

import dev.quarry.index.Location;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/** What tests of space management look for in the files of a store on a disk in memory. */
final class StoreFiles {

  static final StoreLayout LAYOUT = new StoreLayout(ROOT);

  private StoreFiles() {}

  /** The segment that a key's record is in; 0 if the key has no value. */
  static int segmentOf(BlobStore store, int key) {
    Scratch scratch = Scratch.get();
    store.directory().hash(StoreFixture.key(key), scratch);
    long location = store.directory().find(scratch);
    return location == Location.NONE || Location.isTombstone(location)
        ? 0
        : Location.segment(location);
  }

  /** The number of footer entries of a kind in a segment file. */
  static int count(Disk disk, Path segment, byte kind) throws IOException {
    StoreIdentity identity = StoreIdentity.read(disk, LAYOUT);
    long id = Long.parseLong(segment.getFileName().toString().replaceAll("\\D.*", ""));
    int[] count = new int[1];
    SegmentFile.open(disk, segment, identity.storeId(), id, new Xxh3KeyHash(identity.hashSeed()))
        .forEachEntry(
            (low, high, offset, length, sequence, found) -> count[0] += found == kind ? 1 : 0);
    return count[0];
  }

  /** The same, of all segment files. */
  static int countAll(Disk disk, byte kind) throws IOException {
    int count = 0;
    for (long id : LAYOUT.segmentIds(disk)) {
      count += count(disk, LAYOUT.segment(id), kind);
    }
    return count;
  }

  static byte[] read(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.array();
    }
  }

  /** Puts a file of whole blocks there, durably, in place of the one there may be. */
  static void write(Disk disk, Path path, byte[] bytes) throws IOException {
    disk.delete(path);
    try (DiskFile file = disk.create(path)) {
      if (bytes.length > 0) {
        file.write(DirectMemory.allocate(bytes.length).buffer().put(bytes).clear(), 0);
      }
      file.force();
    }
    disk.syncDirectory(path.getParent());
  }

  /** Those bytes with one changed. */
  static byte[] flipped(byte[] bytes, int at) {
    byte[] changed = Arrays.copyOf(bytes, bytes.length);
    changed[at] ^= 0x10;
    return changed;
  }
}
