package dev.quarry;

import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.Footer;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A checkpoint saves time, and is never the truth: what is read is the same with any, or none. */
class CheckpointRecoveryTest {

  private static final int KEYS = 400;

  private SimulatedDisk disk = new SimulatedDisk(1);

  /** Compaction and eviction all the time; a checkpoint on close only. */
  private static BlobStoreOptions options(StoreMode mode) {
    BlobStoreOptions.Builder builder =
        TestStores.small(mode).toBuilder()
            .maxGarbageShare(0.1)
            .checkpointEntries(1L << 40)
            .checkpointInterval(Duration.ofDays(1));
    if (mode == StoreMode.CACHE) {
      builder.maxBytes(9L * TestStores.SEGMENT_BYTES);
    }
    return builder.build();
  }

  private static BlobStore open(Disk disk, StoreMode mode) {
    return StoreFixture.open(disk, options(mode));
  }

  /** Puts, overwrites, deletes and reads, from which compaction and eviction follow. */
  private static void work(BlobStore store, long seed, int steps) {
    Random random = new Random(seed);
    for (int i = 0; i < steps; i++) {
      int number = random.nextInt(KEYS);
      switch (random.nextInt(8)) {
        case 0, 1 -> store.delete(key(number));
        case 2, 3 -> store.get(key(number));
        default -> store.put(key(number), value(seed + i, 1_000 + random.nextInt(4_000)));
      }
    }
  }

  private static Map<Integer, ByteBuffer> contents(BlobStore store) {
    Map<Integer, ByteBuffer> contents = new TreeMap<>();
    for (int i = 0; i < KEYS; i++) {
      byte[] value = store.get(key(i));
      if (value != null) {
        contents.put(i, ByteBuffer.wrap(value));
      }
    }
    return contents;
  }

  /** A cache gets more room than it had, so that its opening evicts nothing. */
  private static Map<Integer, ByteBuffer> contents(Disk disk, StoreMode mode) {
    BlobStoreOptions.Builder roomy = options(mode).toBuilder();
    if (mode == StoreMode.CACHE) {
      roomy.maxBytes(1L << 40);
    }
    try (BlobStore store = StoreFixture.open(disk, roomy.build())) {
      StoreInvariants.check(store, disk, ROOT);
      return contents(store);
    }
  }

  /** A history that ends with a close; returns what the store held. */
  private Map<Integer, ByteBuffer> history(StoreMode mode) {
    try (BlobStore store = open(disk, mode)) {
      work(store, 1, 600);
      assertTrue(store.stats().segmentsCompacted() > 0);
      assertEquals(mode == StoreMode.CACHE, store.stats().evictions() > 0);
      return contents(store);
    }
  }

  private byte[] checkpoint() throws IOException {
    return StoreFiles.read(disk, LAYOUT.checkpoint());
  }

  /** What the store holds if its checkpoint is that; null for none. The disk stays as it is. */
  private Map<Integer, ByteBuffer> with(byte[] checkpoint, StoreMode mode) throws IOException {
    SimulatedDisk copy = disk.afterCrash(Survival.ALL, 1);
    StoreFiles.write(copy, LAYOUT.checkpoint(), checkpoint);
    return contents(copy, mode);
  }

  private Map<Integer, ByteBuffer> withNone(StoreMode mode) throws IOException {
    SimulatedDisk copy = disk.afterCrash(Survival.ALL, 1);
    copy.delete(LAYOUT.checkpoint());
    return contents(copy, mode);
  }

  // ---- what is read ----

  /** Counts the bytes read of segment files otherwise than through mappings. */
  private static final class ReadMeter extends ForwardingDisk {

    private long bytes;

    ReadMeter(Disk disk) {
      super(disk);
    }

    @Override
    public DiskFile openForRead(Path path) throws IOException {
      DiskFile file = super.openForRead(path);
      return path.toString().endsWith(".seg") ? new MeteredFile(file) : file;
    }

    private final class MeteredFile extends ForwardingFile {

      MeteredFile(DiskFile file) {
        super(file);
      }

      @Override
      public int read(ByteBuffer destination, long position) throws IOException {
        int read = super.read(destination, position);
        bytes += Math.max(0, read);
        return read;
      }
    }
  }

  private static long bytesReadByOpening(Disk disk, StoreMode mode) {
    ReadMeter meter = new ReadMeter(disk);
    try (BlobStore store = open(meter, mode)) {
      assertTrue(store.stats().keys() > 0);
      return meter.bytes;
    }
  }

  @ParameterizedTest
  @EnumSource
  void anOpeningReadsNoFootersButThoseOfYoungerSegments(StoreMode mode) throws IOException {
    long perSegment = 64 + Footer.TRAILER_LENGTH;
    int old = 1_000;
    try (BlobStore store = open(disk, mode)) {
      putAll(store, 0, old, 100);
    }
    long segments = LAYOUT.segmentIds(disk).size();
    SimulatedDisk without = disk.afterCrash(Survival.ALL, 1);
    without.delete(LAYOUT.checkpoint());
    final SimulatedDisk younger = disk.afterCrash(Survival.ALL, 1);
    assertEquals(segments * perSegment, bytesReadByOpening(disk, mode));
    assertTrue(bytesReadByOpening(without, mode) >= (long) old * Footer.ENTRY_LENGTH);
    byte[] checkpoint = StoreFiles.read(younger, LAYOUT.checkpoint());
    try (BlobStore store = open(younger, mode)) {
      putAll(store, old, old + 50, 100);
    }
    StoreFiles.write(younger, LAYOUT.checkpoint(), checkpoint);
    long read = bytesReadByOpening(younger, mode);
    assertTrue(read >= (segments + 1) * perSegment + 50 * Footer.ENTRY_LENGTH);
    assertTrue(
        read < (segments + 3) * perSegment + 100 * Footer.ENTRY_LENGTH, () -> read + " bytes");
  }

  // ---- whatever is wrong with it ----

  @ParameterizedTest
  @EnumSource
  void withoutACheckpointTheContentsAreTheSame(StoreMode mode) throws IOException {
    Map<Integer, ByteBuffer> contents = history(mode);
    assertEquals(contents, with(checkpoint(), mode));
    assertEquals(contents, withNone(mode));
  }

  @ParameterizedTest
  @EnumSource
  void withATruncatedCheckpointTheContentsAreTheSame(StoreMode mode) throws IOException {
    Map<Integer, ByteBuffer> contents = history(mode);
    byte[] good = checkpoint();
    for (int length = 0; length < good.length; length += Disk.BLOCK) {
      assertEquals(contents, with(Arrays.copyOf(good, length), mode), "cut at " + length);
    }
    assertEquals(contents, with(Arrays.copyOf(good, good.length + Disk.BLOCK), mode));
  }

  @ParameterizedTest
  @EnumSource
  void whicheverByteIsFlippedTheContentsAreTheSame(StoreMode mode) throws IOException {
    Map<Integer, ByteBuffer> contents = history(mode);
    byte[] good = checkpoint();
    for (int at = 0; at < good.length; at += at < 100 ? 7 : 397) {
      assertEquals(contents, with(StoreFiles.flipped(good, at), mode), "byte " + at);
    }
    for (int at = good.length - 64; at < good.length; at += 9) {
      assertEquals(contents, with(StoreFiles.flipped(good, at), mode), "byte " + at);
    }
  }

  /** With another byte in place of one, and the checksums such as if it belonged there. */
  private static byte[] forged(byte[] checkpoint, int at, int value) {
    ByteBuffer bytes = ByteBuffer.wrap(checkpoint.clone()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(at, (byte) value);
    CRC32C header = new CRC32C();
    header.update(bytes.array(), 0, 60);
    bytes.putInt(60, (int) header.getValue());
    CRC32C chunk = new CRC32C();
    chunk.update(new byte[4]);
    chunk.update(bytes.array(), 0, checkpoint.length - 4);
    bytes.putInt(checkpoint.length - 4, (int) chunk.getValue());
    return bytes.array();
  }

  @ParameterizedTest
  @EnumSource
  void aCheckpointOfANewerVersionIsLeftAside(StoreMode mode) throws IOException {
    Map<Integer, ByteBuffer> contents = history(mode);
    byte[] good = checkpoint();
    assertArrayEquals(good, forged(good, 8, 1), "that is how it is sealed");
    assertEquals(contents, with(forged(good, 8, 2), mode));
  }

  @ParameterizedTest
  @EnumSource
  void theCheckpointOfAnotherStoreIsLeftAside(StoreMode mode) throws IOException {
    Map<Integer, ByteBuffer> contents = history(mode);
    SimulatedDisk other = new SimulatedDisk(2);
    try (BlobStore store = open(other, mode)) {
      work(store, 1, 600);
    }
    assertEquals(LAYOUT.segmentIds(disk), LAYOUT.segmentIds(other), "the same to look at");
    assertEquals(contents, with(StoreFiles.read(other, LAYOUT.checkpoint()), mode));
  }

  @ParameterizedTest
  @EnumSource
  void withACheckpointOfAnyEarlierTimeTheContentsAreTheSame(StoreMode mode) throws IOException {
    List<byte[]> earlier = new ArrayList<>();
    Map<Integer, ByteBuffer> contents = history(mode);
    for (int round = 0; round < 12; round++) {
      earlier.add(checkpoint());
      try (BlobStore store = open(disk, mode)) {
        work(store, 100 + round, 20 << (round % 4 * 2));
        contents = contents(store);
      }
    }
    for (int i = 0; i < earlier.size(); i++) {
      assertEquals(contents, with(earlier.get(i), mode), "of time " + i);
    }
    assertEquals(contents, withNone(mode));
  }

  /** The checkpoint says where each key's value was; since then all were deleted. */
  @ParameterizedTest
  @EnumSource
  void whatWasDeletedSinceAStaleCheckpointStaysDeleted(StoreMode mode) throws IOException {
    Map<Integer, ByteBuffer> contents = history(mode);
    final byte[] stale = checkpoint();
    try (BlobStore store = open(disk, mode)) {
      for (int number : contents.keySet()) {
        if (number % 3 != 0) {
          store.delete(key(number)); // unless the opening has evicted it
        }
      }
      contents = contents(store);
      assertTrue(contents.size() > 10);
    }
    assertEquals(contents, with(stale, mode));
    assertEquals(contents, withNone(mode));
  }

  /** When all files are gone, a cache begins anew with the ids. */
  @Test
  void aSegmentWithTheIdOfOneThatWasCoveredIsTakenForWhatItIs() throws IOException {
    try (BlobStore store = open(disk, StoreMode.CACHE)) {
      putAll(store, 0, 5, 1_000);
    }
    final byte[] stale = checkpoint();
    try (BlobStore store = open(disk, StoreMode.CACHE)) {
      for (int i = 0; i < 5; i++) {
        assertTrue(store.delete(key(i)));
      }
    }
    open(disk, StoreMode.CACHE).close();
    assertEquals(List.of(), LAYOUT.segmentIds(disk));
    Map<Integer, ByteBuffer> contents;
    try (BlobStore store = open(disk, StoreMode.CACHE)) {
      putAll(store, 10, 15, 1_000);
      contents = contents(store);
    }
    assertEquals(List.of(1L), LAYOUT.segmentIds(disk));
    assertEquals(contents, with(stale, StoreMode.CACHE));
  }

  // ---- closed or not ----

  @ParameterizedTest
  @CsvSource({"DURABLE,ALL", "DURABLE,NONE", "CACHE,ALL", "CACHE,NONE"})
  void aCleanCloseMakesNoDifferenceToWhatIsRead(StoreMode mode, Survival survival) {
    SimulatedDisk crashed;
    Map<Integer, ByteBuffer> contents;
    history(mode);
    try (BlobStore store = open(disk, mode)) {
      work(store, 2, 300);
      store.sync();
      contents = contents(store);
      crashed = disk.afterCrash(survival, 1);
    }
    assertEquals(contents, contents(disk, mode));
    assertEquals(contents, contents(crashed, mode));
  }

  @ParameterizedTest
  @EnumSource(
      value = Survival.class,
      names = {"ALL", "NONE", "SUBSET"})
  void aCrashAtAnyCallOfAClosingChangesNothingThatIsRead(Survival survival) {
    Map<Integer, ByteBuffer> contents = history(StoreMode.DURABLE);
    SimulatedDisk counted = disk.afterCrash(Survival.ALL, 1);
    long first = close(counted, Long.MAX_VALUE);
    assertTrue(counted.ioCalls() - first > 5, "a segment and a checkpoint are written");
    contents.put(KEYS - 1, ByteBuffer.wrap(value(7, 70)));
    for (long call = first + 1; call <= counted.ioCalls(); call++) {
      SimulatedDisk crashing = disk.afterCrash(Survival.ALL, 1);
      close(crashing, call);
      assertTrue(crashing.hasCrashed());
      SimulatedDisk after = crashing.afterCrash(survival, call);
      assertEquals(contents, contents(after, StoreMode.DURABLE), "call " + call);
      assertEquals(contents, contents(after, StoreMode.DURABLE), "again, call " + call);
    }
  }

  /** Opens, puts and closes; returns how many calls there were before the close. */
  private static long close(SimulatedDisk disk, long crashAt) {
    BlobStore store = open(disk, StoreMode.DURABLE);
    store.put(key(KEYS - 1), value(7, 70));
    long before = disk.ioCalls();
    if (crashAt != Long.MAX_VALUE) {
      disk.crashAt(crashAt);
    }
    try {
      store.close();
    } catch (SimulatedCrashException | BlobStoreException e) {
      assertTrue(disk.hasCrashed(), e::toString);
    }
    return before;
  }
}
