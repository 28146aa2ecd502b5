package dev.quarry.wal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.RecordVisitor;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A store of nothing but slabs and their logs: how they are made, and how they are read back. */
final class TestLogs {

  static final StagingBuffers BUFFERS = new StagingBuffers(1 << 20);

  static final UUID STORE = UUID.fromString("c0ffee00-1122-4433-8899-aabbccddeeff");
  static final StoreLayout LAYOUT = new StoreLayout(Path.of("/store"));
  static final KeyHash HASHER = new Xxh3KeyHash(0);

  private TestLogs() {}

  /**
   * A put or tombstone.
   *
   * @param value of a tombstone: empty
   */
  record Entry(byte kind, String key, String value, long sequence) {

    @Override
    public String toString() {
      return sequence + " " + key + (kind == RecordFormat.PUT ? "=" + value.length() : " deleted");
    }
  }

  /** A disk with the directories of an empty store, all durable. */
  static SimulatedDisk disk(long seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(seed);
    disk.createDirectories(LAYOUT.logs());
    disk.createDirectories(LAYOUT.segments());
    disk.syncDirectory(Path.of("/"));
    disk.syncDirectory(LAYOUT.root());
    return disk;
  }

  static Slab slab(int bytes) {
    return slab(bytes, null);
  }

  /** The slab that follows another, which is sealed. */
  static Slab slab(int bytes, @Nullable Slab previous) {
    return new Slab(DirectMemory.allocate(bytes).buffer(), header(previous), memory -> {});
  }

  private static FileHeader header(@Nullable Slab previous) {
    return previous == null
        ? FileHeader.segment(STORE, 1, 1)
        : new FileHeader(
            FileHeader.SEGMENT_MAGIC,
            STORE,
            previous.id() + 1,
            previous.nextSequence(),
            previous.end(),
            previous.id());
  }

  static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  /** A value of any bytes, always the same for the same arguments. */
  static String value(int length, long seed) {
    byte[] value = new byte[length];
    new Random(seed).nextBytes(value);
    return new String(value, ISO_8859_1);
  }

  static long reserve(Slab slab, String key, String value) {
    return slab.reserve(RecordFormat.length(key.length(), value.length()));
  }

  static void write(Slab slab, long ticket, byte kind, String key, String value) {
    slab.write(ticket, kind, ByteBuffer.wrap(bytes(key)), bytes(value));
    slab.settle();
  }

  static int end(long ticket, String key, String value) {
    return Slab.position(ticket)
        + (int) RecordFormat.align(RecordFormat.length(key.length(), value.length()));
  }

  /** Appends a put to a slab that has room for it; returns where it ends. */
  static int put(Slab slab, String key, String value) {
    long ticket = reserve(slab, key, value);
    write(slab, ticket, RecordFormat.PUT, key, value);
    return end(ticket, key, value);
  }

  static int put(Slab slab, String key, int length) {
    return put(slab, key, value(length, length));
  }

  static LogContents read(Disk disk, long id) throws IOException {
    return LogContents.read(disk, LAYOUT.log(id), STORE, id);
  }

  /** The puts and tombstones of a log or segment file, up to where its records end. */
  static List<Entry> entries(Disk disk, Path file, long end) throws IOException {
    if (end == FileHeader.LENGTH) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>();
    MappedSegment mapped = MappedSegment.map(disk, file);
    try {
      RecordVisitor.walk(
          mapped,
          FileHeader.LENGTH,
          end,
          (kind, key, offset, length, sequence) -> {
            byte[] value = new byte[(int) length - RecordFormat.HEADER_LENGTH - key.length];
            mapped.copyTo(value, offset + RecordFormat.HEADER_LENGTH + key.length);
            entries.add(
                new Entry(
                    kind, new String(key, ISO_8859_1), new String(value, ISO_8859_1), sequence));
          });
    } finally {
      mapped.retire();
    }
    return entries;
  }

  /** The keys in a log, in the order of their records; none when there is no such file. */
  static List<String> keys(Disk disk, long id) throws IOException {
    return disk.exists(LAYOUT.log(id))
        ? entries(disk, LAYOUT.log(id), read(disk, id).end()).stream().map(Entry::key).toList()
        : List.of();
  }

  /** Reads every log as opening a store does, with what one says of the next. */
  static List<LogContents> readLogs(Disk disk) throws IOException {
    List<LogContents> logs = new ArrayList<>();
    for (long id : LAYOUT.logIds(disk)) {
      if (disk.exists(LAYOUT.segment(id))) {
        disk.delete(LAYOUT.log(id)); // the former name of a log that was renamed
      } else {
        logs.add(read(disk, id));
      }
    }
    for (int i = 1; i < logs.size(); i++) {
      logs.get(i - 1).checkReaches(logs.get(i));
    }
    return logs;
  }

  /** Makes segments of the logs, as opening a store does. */
  static void recover(Disk disk) throws IOException {
    for (LogContents log : readLogs(disk)) {
      if (log.isEmpty()) {
        disk.delete(log.path());
      } else {
        LogPromotion.promote(disk, LAYOUT, log, HASHER, BUFFERS);
      }
    }
    disk.syncDirectory(LAYOUT.logs());
  }

  /** Everything in the logs and in the segments, each of which must be whole, in order. */
  static List<Entry> everything(Disk disk) throws IOException {
    SortedMap<Long, List<Entry>> entries = new TreeMap<>();
    for (LogContents log : readLogs(disk)) {
      entries.put(log.header().segmentId(), entries(disk, log.path(), log.end()));
    }
    for (long id : LAYOUT.segmentIds(disk)) {
      entries.put(id, segment(disk, id));
    }
    return entries.values().stream().flatMap(List::stream).toList();
  }

  /** The entries of a segment file, which must be whole and have a footer that tells the same. */
  static List<Entry> segment(Disk disk, long id) throws IOException {
    SegmentFile file = SegmentFile.open(disk, LAYOUT.segment(id), STORE, id, HASHER);
    assertNull(file.damage());
    List<Entry> entries = entries(disk, file.path(), file.trailer().recordsEnd());
    List<Long> sequences = new ArrayList<>();
    file.forEachEntry((low, high, offset, length, sequence, kind) -> sequences.add(sequence));
    assertEquals(entries.stream().map(Entry::sequence).toList(), sequences);
    return entries;
  }

  /** All bytes of a file. */
  static byte[] content(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.array();
    }
  }
}
