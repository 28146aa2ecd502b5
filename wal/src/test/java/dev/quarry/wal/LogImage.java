package dev.quarry.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quarry.segment.Checksum;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The bytes of a log file, to be damaged and read back, and where its records are. */
final class LogImage {

  static final int SECTOR = 512;
  private static final int VERSION_OFFSET = 8;
  private static final int CHECKSUM_OFFSET = FileHeader.LENGTH - 4;
  private static final ByteBuffer STAGING = DirectMemory.allocate(1 << 20).buffer();

  private final byte[] bytes;
  private final List<Place> records;

  private LogImage(byte[] bytes, List<Place> records) {
    this.bytes = bytes;
    this.records = records;
  }

  /**
   * A record.
   *
   * @param start where it begins
   * @param end where it ends, without padding
   * @param protectedEnd up to where its checksums reach
   * @param mark how far the log was durable, if it is a mark; else 0
   */
  record Place(int start, int end, int protectedEnd, long mark) {}

  /** The log of a slab, all of it durable. */
  static LogImage of(SimulatedDisk disk, Slab slab) throws IOException {
    byte[] bytes =
        TestLogs.content(disk.afterCrash(Survival.NONE, 1), TestLogs.LAYOUT.log(slab.id()));
    LogImage image = new LogImage(bytes, places(slab));
    assertEquals(slab.end(), image.end());
    return image;
  }

  private static List<Place> places(Slab slab) {
    List<Place> places = new ArrayList<>();
    ByteBuffer head = slab.head();
    for (int at = FileHeader.LENGTH; at < slab.end(); ) {
      int length = (int) RecordFormat.length(head, at);
      byte kind = RecordFormat.kind(head, at);
      int checked = kind == RecordFormat.VOID ? RecordFormat.HEADER_LENGTH : length;
      boolean isMark = kind == RecordFormat.COMMIT_MARK;
      long mark = isMark ? head.getLong(at + RecordFormat.HEADER_LENGTH) : 0;
      places.add(new Place(at, at + length, at + checked, mark));
      at += (int) RecordFormat.align(length);
    }
    return places;
  }

  /** The file, whole blocks; not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  /** All records, marks and voids too. */
  List<Place> records() {
    return records;
  }

  /** Where the records end. */
  int end() {
    return (int) RecordFormat.align(records.get(records.size() - 1).end());
  }

  byte[] flipped(int offset, int mask) {
    byte[] changed = bytes.clone();
    changed[offset] ^= (byte) mask;
    return changed;
  }

  /** Whether a record is not what it was. */
  static boolean isBroken(Place place, byte[] was, byte[] now) {
    for (int at = place.start(); at < place.protectedEnd(); at++) {
      if (at >= now.length || now[at] != was[at]) {
        return true;
      }
    }
    return false;
  }

  /** A disk with the first bytes of a file as its one log, or one more; sectors at least. */
  static void write(SimulatedDisk disk, long id, byte[] bytes, int size) throws IOException {
    disk.capacity(disk.usedSpace() + size);
    int blocks = bytes.length + Disk.BLOCK - 1 & -Disk.BLOCK;
    STAGING.put(0, new byte[blocks]).put(0, bytes);
    try (DiskFile file = disk.create(TestLogs.LAYOUT.log(id))) {
      file.write(STAGING.slice(0, blocks), 0);
      file.force();
    } catch (DiskFullException e) {
      assertEquals(size, disk.size(TestLogs.LAYOUT.log(id))); // which is the point
    }
    disk.capacity(1L << 40);
  }

  static SimulatedDisk disk(byte[] bytes) throws IOException {
    SimulatedDisk disk = TestLogs.disk(0);
    write(disk, 1, bytes, bytes.length);
    return disk;
  }

  /** Reads the bytes as the first log of the store; nothing must stay open. */
  static LogContents read(byte[] bytes) throws IOException {
    SimulatedDisk disk = disk(bytes);
    try {
      return TestLogs.read(disk, 1);
    } finally {
      assertEquals(List.of(), disk.openHandles());
    }
  }

  /** The same with another format version, and the checksum that goes with it. */
  static byte[] withVersion(byte[] bytes, int version) {
    ByteBuffer changed = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
    changed.putInt(VERSION_OFFSET, version);
    changed.putInt(CHECKSUM_OFFSET, Checksum.of(changed.array(), 0, CHECKSUM_OFFSET));
    return changed.array();
  }
}
