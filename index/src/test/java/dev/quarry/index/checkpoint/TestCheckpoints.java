package dev.quarry.index.checkpoint;

import dev.quarry.index.Location;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checkpoints of random content, and what is read of them. */
final class TestCheckpoints {

  static final StoreLayout LAYOUT = new StoreLayout(Path.of("/store"));
  static final UUID STORE = UUID.fromString("c0ffee00-1122-4433-8899-aabbccddeeff");

  /** All arguments of a call of the consumer. */
  record Entry(long low, long high, long location, long length, boolean visited) {}

  /** Everything that a checkpoint says. */
  record Content(CheckpointHead head, List<Entry> entries) {}

  private TestCheckpoints() {}

  static SimulatedDisk disk(long seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(seed);
    disk.createDirectories(LAYOUT.root());
    disk.syncDirectory(Path.of("/"));
    return disk;
  }

  static Content random(long seed, int covered, int blob, int entries) {
    SplittableRandom random = new SplittableRandom(seed);
    List<CoveredSegment> segments = new ArrayList<>();
    for (int i = 0; i < covered; i++) {
      segments.add(new CoveredSegment(random.nextInt(1, Integer.MAX_VALUE), random.nextLong()));
    }
    byte[] bytes = new byte[blob];
    random.nextBytes(bytes);
    List<Entry> list = new ArrayList<>();
    for (int i = 0; i < entries; i++) {
      long offset = random.nextLong(0, Location.MAX_OFFSET / 8) * 8;
      list.add(
          new Entry(
              random.nextLong(),
              random.nextLong() & 0xFFFF_FFFF_0000_00FFL,
              Location.pack(random.nextInt(1, Integer.MAX_VALUE), offset, random.nextBoolean()),
              random.nextLong(0, 1L << 32),
              random.nextBoolean()));
    }
    CheckpointHead head =
        new CheckpointHead(segments, random.nextLong(), random.nextLong(), ByteBuffer.wrap(bytes));
    return new Content(head, list);
  }

  static long write(Disk disk, Content content) throws IOException {
    return new CheckpointWriter(disk, LAYOUT, STORE, new StagingBuffers(1 << 20))
        .write(
            content.head(),
            sink ->
                content
                    .entries()
                    .forEach(
                        e ->
                            sink.accept(e.low(), e.high(), e.location(), e.length(), e.visited())));
  }

  static @Nullable Content read(Disk disk) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(disk, LAYOUT, STORE)) {
      if (checkpoint == null) {
        return null;
      }
      List<Entry> entries = new ArrayList<>();
      checkpoint.forEachEntry(
          (low, high, location, length, visited) ->
              entries.add(new Entry(low, high, location, length, visited)));
      return new Content(checkpoint.head(), entries);
    }
  }

  /** The bytes of the file that content makes. */
  static byte[] image(Content content) throws IOException {
    SimulatedDisk disk = disk(0);
    write(disk, content);
    try (DiskFile file = disk.openForRead(LAYOUT.checkpoint())) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.array();
    }
  }
}
