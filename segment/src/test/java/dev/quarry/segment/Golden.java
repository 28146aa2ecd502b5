package dev.quarry.segment;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quarry.StoreMode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;

/** The files of the golden store, made by the code; {@link #load} gives what they must be. */
final class Golden {

  static final StoreIdentity IDENTITY =
      new StoreIdentity(TestSegments.STORE, StoreMode.DURABLE, 0x0123456789abcdefL);
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
    byte[] block = new byte[Disk.BLOCK];
    IDENTITY.encode().get(0, block);
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
