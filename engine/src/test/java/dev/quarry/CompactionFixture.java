package dev.quarry;

import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFiles.segmentOf;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk.Operation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Stores with garbage, for tests of compaction. */
final class CompactionFixture {

  /** Bytes of the values. */
  static final int LENGTH = 10_000;

  /** So many records of that length fill a segment. */
  static final int FULL = 7;

  static final BlobStoreOptions LAX = lax(StoreMode.DURABLE);

  /** A store opened by these gets rid of its garbage at once. */
  static final BlobStoreOptions STRICT = LAX.toBuilder().maxGarbageShare(0.05).build();

  private CompactionFixture() {}

  /** Garbage is left where it is, unless a segment holds nothing else; no checkpoint is due. */
  static BlobStoreOptions lax(StoreMode mode) {
    return TestStores.small(mode).toBuilder()
        .slabs(4)
        .maxGarbageShare(0.95)
        .checkpointEntries(1L << 40)
        .checkpointInterval(Duration.ofDays(1))
        .build();
  }

  static void delete(BlobStore store, int... keys) {
    for (int key : keys) {
      assertTrue(store.delete(key(key)), () -> "key " + key);
    }
  }

  static void assertPresent(BlobStore store, int... keys) {
    for (int key : keys) {
      assertArrayEquals(value(key, LENGTH), store.get(key(key)), () -> "key " + key);
    }
  }

  static void assertAbsent(BlobStore store, int... keys) {
    for (int key : keys) {
      assertNull(store.get(key(key)), () -> "key " + key + " came back");
    }
  }

  static Path file(BlobStore store, int key) {
    int id = segmentOf(store, key);
    assertNotEquals(0, id, "key " + key + " has no record");
    return LAYOUT.segment(id);
  }

  static Map<Integer, ByteBuffer> contents(BlobStore store, int to) {
    Map<Integer, ByteBuffer> contents = new TreeMap<>();
    for (int i = 0; i < to; i++) {
      byte[] value = store.get(key(i));
      if (value != null) {
        contents.put(i, ByteBuffer.wrap(value));
      }
    }
    return contents;
  }

  static List<Integer> putsIn(Disk disk, Path segment) {
    try {
      return StoreFixture.places(disk, ROOT, segment).stream()
          .map(place -> place.key().getInt(0))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Four full segments; of those in the middle, 7 and 13, 16 and 20 are live. */
  static List<Integer> twoSparseSegments(Disk disk) {
    try (BlobStore store = StoreFixture.open(disk, LAX)) {
      putAll(store, 0, 4 * FULL + 1, LENGTH);
      delete(store, 8, 9, 10, 11, 12, 14, 15, 17, 18, 19);
      return List.of(
          segmentOf(store, 0), segmentOf(store, 7), segmentOf(store, 16), segmentOf(store, 21));
    }
  }

  static void assertAsBefore(BlobStore store) {
    assertAll(store, 0, 8, LENGTH);
    assertAbsent(store, 8, 9, 10, 11, 12, 14, 15, 17, 18, 19);
    assertPresent(store, 13, 16, 20);
    assertAll(store, 21, 4 * FULL + 1, LENGTH);
  }

  /** Two segments that become one; the tombstones of the first are in the second. */
  static List<Path> segmentWithItsTombstones(Disk disk) {
    try (BlobStore store = StoreFixture.open(disk, LAX)) {
      putAll(store, 0, 2 * FULL - 1, LENGTH);
      delete(store, 0, 1, 2, 3, 4, 5);
      putAll(store, 2 * FULL - 1, 3 * FULL, LENGTH);
      delete(store, 8, 9, 10, 11, 12);
      List<Path> inputs = List.of(file(store, 6), file(store, 7));
      assertEquals(inputs.get(1), file(store, 13));
      return inputs;
    }
  }

  /** The second segment is sparse; keys 7 and 13 of it are live. */
  static Path oneSparseSegment(Disk disk) {
    try (BlobStore store = StoreFixture.open(disk, LAX)) {
      putAll(store, 0, 2 * FULL + 1, LENGTH);
      delete(store, 8, 9, 10, 11, 12);
      return file(store, 7);
    }
  }

  /** Whether a call is about a segment that is being written beside the slabs. */
  static boolean ofOutput(Operation operation, Operation wanted, Path path) {
    return operation == wanted && path.toString().matches(".*/segments/.*tmp");
  }
}
