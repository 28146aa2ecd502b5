package dev.quarry.segment;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;

/** The files of the golden store, made by the code; {@link #load} gives what they must be. */
final class Golden {

  static final StoreIdentity IDENTITY =
      StoreIdentity.durable(TestSegments.STORE, 0x0123456789abcdefL);
  static final StoreIdentity CACHE_IDENTITY =
      StoreIdentity.cache(IDENTITY.storeId(), IDENTITY.hashSeed(), 40L << 20);
  static final UUID STORE = IDENTITY.storeId();
  static final KeyHash HASHER = new Xxh3KeyHash(IDENTITY.hashSeed());
  static final Path LOG_PATH = Path.of("wal", "0000000008.wal");
  static final long LOG_ID = 8;

  /** Where sectors of the last write begin to be missing from the torn log. */
  static final int TORN_FROM = 512;

  private Golden() {}

  /** A golden file's bytes. */
  static byte[] load(String name) throws IOException {
    try (InputStream file = Golden.class.getResourceAsStream("/golden/v1/" + name)) {
      return HexDump.parse(new String(Objects.requireNonNull(file, name).readAllBytes(), UTF_8));
    }
  }

  static byte[] store() {
    return store(IDENTITY);
  }

  static byte[] cacheStore() {
    return store(CACHE_IDENTITY);
  }

  private static byte[] store(StoreIdentity identity) {
    byte[] block = new byte[Disk.BLOCK];
    identity.encode().get(0, block);
    return block;
  }

  /** Three records, a mark, a refused record, and a sequence number whose record is elsewhere. */
  static Slab segmentSlab() {
    FileHeader header = new FileHeader(FileHeader.SEGMENT_MAGIC, STORE, 7, 1000, 0x3fe0c8, 6);
    Slab slab = TestSegments.slab(Disk.BLOCK, header);
    TestSegments.put(slab, "alpha", "one");
    TestSegments.put(slab, "beta", "second value");
    TestSegments.mark(slab, slab.end());
    TestSegments.tombstone(slab, "alpha");
    TestSegments.refused(slab, "gone", "refused");
    slab.takeSequence();
    slab.settle();
    return slab;
  }

  static byte[] segment() {
    return TestSegments.finish(segmentSlab(), HASHER);
  }

  /**
   * What compaction makes of segments 6 and 7: all of segment 6 is dead, of segment 7 a put is live
   * and a tombstone still hides an older record.
   */
  static byte[] compacted() throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    Path path = Path.of("/0000000009.tmp");
    FileHeader header = FileHeader.segment(STORE, 9, 800);
    long[] beta = hash("beta");
    long[] alpha = hash("alpha");
    Slab input = segmentSlab();
    try (SegmentWriter writer =
        new SegmentWriter(disk, path, header, HASHER, new StagingBuffers(1 << 20))) {
      ByteBuffer replaced = Batch.allocate(2);
      Batch.putReplaced(replaced, 6);
      Batch.putReplaced(replaced, 7);
      writer.batch(RecordFormat.REPLACES, 800, replaced.flip());
      writer.copy(input, 0x60, beta[0], beta[1]);
      ByteBuffer evicted = Batch.allocate(1);
      Batch.putEvicted(evicted, alpha[0], alpha[1], 0, 1003);
      writer.batch(RecordFormat.EVICTIONS, 800, evicted.flip());
      writer.finish(1005);
    }
    return Blocks.read(disk, path);
  }

  static long[] hash(String key) {
    long[] hash = new long[2];
    HASHER.hash(TestSegments.bytes(key), hash);
    return hash;
  }

  /** Three commits, the last of them whole. */
  static Slab logSlab() {
    int previousEnd = segmentSlab().end();
    FileHeader header =
        new FileHeader(FileHeader.SEGMENT_MAGIC, STORE, LOG_ID, 1006, previousEnd, 7);
    Slab slab = TestSegments.slab(Disk.BLOCK, header);
    TestSegments.put(slab, "delta", "four");
    TestSegments.mark(slab, slab.end());
    TestSegments.put(slab, "epsilon", "five");
    TestSegments.mark(slab, slab.end());
    TestSegments.put(slab, "zeta", "z".repeat(400));
    return slab;
  }

  /** The same after a crash during the third write: only its first sector reached the disk. */
  static byte[] tornLog() {
    byte[] file = new byte[Disk.BLOCK];
    logSlab().head().get(0, file, 0, TORN_FROM);
    return file;
  }
}
