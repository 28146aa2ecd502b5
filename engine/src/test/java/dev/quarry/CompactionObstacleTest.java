package dev.quarry;

import static dev.quarry.CompactionFixture.FULL;
import static dev.quarry.CompactionFixture.LAX;
import static dev.quarry.CompactionFixture.LENGTH;
import static dev.quarry.CompactionFixture.STRICT;
import static dev.quarry.CompactionFixture.assertAbsent;
import static dev.quarry.CompactionFixture.assertAsBefore;
import static dev.quarry.CompactionFixture.assertPresent;
import static dev.quarry.CompactionFixture.delete;
import static dev.quarry.CompactionFixture.lax;
import static dev.quarry.CompactionFixture.ofOutput;
import static dev.quarry.CompactionFixture.oneSparseSegment;
import static dev.quarry.CompactionFixture.twoSparseSegments;
import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFiles.segmentOf;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When compaction can do nothing, it says why, and leaves everything as it was. */
class CompactionObstacleTest {

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open(BlobStoreOptions options) {
    return StoreFixture.open(disk, options);
  }

  // ---- what stands in the way ----

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDamagedSegmentIsLeftAloneAndTheReasonSaid(boolean footer) throws IOException {
    Path sparse = oneSparseSegment(disk);
    long damaged =
        footer
            ? StoreFixture.trailer(disk, ROOT, sparse).recordsEnd() + 9
            : StoreFixture.place(disk, ROOT, sparse, key(13)).offset() + 9;
    StoreFixture.flip(disk, sparse, damaged, 4);
    byte[] bytes = StoreFiles.read(disk, sparse);
    try (BlobStore store = open(STRICT)) {
      assertArrayEquals(bytes, StoreFiles.read(disk, sparse));
      assertAll(store, 0, 8, LENGTH);
      assertAbsent(store, 8, 9, 10, 11, 12);
      assertPresent(store, 14);
      if (footer) {
        assertPresent(store, 13);
      } else {
        assertThrows(CorruptionException.class, () -> store.get(key(13)));
      }
      StoreStats stats = store.stats();
      assertEquals(0, stats.segmentsCompacted());
      assertEquals(0, stats.compactionBytesWritten());
      assertNull(stats.failure());
      putAll(store, 100, 120, LENGTH); // several more passes
      assertArrayEquals(bytes, StoreFiles.read(disk, sparse));
    }
  }

  @Test
  void theReasonSaysThatSegmentsAreDamaged() throws IOException {
    try (BlobStore store = open(LAX)) {
      putAll(store, 0, FULL + 1, LENGTH);
      delete(store, 1, 2, 3, 4, 5);
    }
    Path sparse = LAYOUT.segment(LAYOUT.segmentIds(disk).get(0));
    StoreFixture.flip(disk, sparse, StoreFixture.place(disk, ROOT, sparse, key(6)).offset() + 9, 4);
    try (BlobStore store = open(STRICT)) {
      assertEquals("every segment is too new, or damaged", store.stats().idleReason());
      assertPresent(store, 0, 7);
    }
  }

  @Test
  void aDamagedValueIsAsDamagedWhenItWasCopied() throws IOException {
    Path sparse = oneSparseSegment(disk);
    long value = StoreFixture.place(disk, ROOT, sparse, key(13)).valueOffset() + 5_000;
    StoreFixture.flip(disk, sparse, value, 4);
    try (BlobStore store = open(STRICT)) {
      assertFalse(disk.exists(sparse));
      assertThrows(CorruptionException.class, () -> store.get(key(13)));
      assertPresent(store, 7, 14);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Operation.class,
      names = {"CREATE", "WRITE", "FORCE", "RENAME"})
  void aCompactionThatFindsTheDiskFullLeavesEverythingAsItWas(Operation failing)
      throws IOException {
    twoSparseSegments(disk);
    AtomicBoolean full = new AtomicBoolean(true);
    Disk limited =
        new FaultyDisk(
            disk,
            (operation, path) ->
                full.get() && ofOutput(operation, failing, path)
                    ? new DiskFullException(path + ": over quota")
                    : null);
    final List<Long> segments = LAYOUT.segmentIds(disk);
    try (BlobStore store = StoreFixture.open(limited, STRICT)) {
      assertEquals(segments, LAYOUT.segmentIds(disk));
      assertEquals(List.of(), LAYOUT.temporaries(disk));
      assertAsBefore(store);
      StoreStats stats = store.stats();
      assertTrue(
          stats.idleReason().matches("the disk is too full to compact: .*over quota"),
          stats::idleReason);
      assertEquals(0, stats.segmentsCompacted());
      assertNull(stats.failure());
      StoreInvariants.check(store, disk, ROOT);
      full.set(false);
      delete(store, 0, 1, 2, 3); // a pass is made
      assertEquals(segmentOf(store, 7), segmentOf(store, 20), "now there is room");
      store.put(key(0), value(0, LENGTH));
      putAll(store, 1, 4, LENGTH);
      assertAsBefore(store);
      StoreInvariants.check(store, disk, ROOT);
    }
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void onAFullDiskTheReserveIsRoomEnough() throws IOException {
    List<Integer> before = twoSparseSegments(disk);
    disk.capacity(disk.usedSpace());
    try (BlobStore store = open(STRICT)) {
      assertAsBefore(store);
      assertFalse(disk.exists(LAYOUT.segment(before.get(1))));
      assertEquals(2, store.stats().segmentsCompacted());
      assertNull(store.stats().failure());
    }
  }

  // ---- reasons ----

  @Test
  void aLittleGarbageIsAllowedAndTheReasonSaysHowMuch() {
    oneSparseSegment(disk);
    try (BlobStore store = open(LAX)) {
      assertEquals(0, store.stats().segmentsCompacted());
      String reason = store.stats().idleReason();
      assertTrue(reason.matches("\\d+ of \\d+ bytes are garbage, which is allowed"), reason);
    }
  }

  @Test
  void garbageThatIsSpreadThinlyIsNotWorthARewriteAndTheReasonSaysSo() {
    try (BlobStore store = open(LAX)) {
      putAll(store, 0, 4 * FULL + 1, LENGTH);
      delete(store, 1, 9, 17, 25);
    }
    try (BlobStore store = open(STRICT)) {
      assertEquals(0, store.stats().segmentsCompacted());
      String reason = store.stats().idleReason();
      assertTrue(
          reason.matches("the sparsest segment, \\d+, is garbage to \\d+ %, .*not worth.*"),
          reason);
    }
  }

  @Test
  void theNewestSegmentIsNotCompactedAndTheReasonSaysSo() {
    try (BlobStore store = open(LAX)) {
      putAll(store, 0, FULL - 1, LENGTH);
      delete(store, 1, 2, 3, 4);
    }
    try (BlobStore store = open(STRICT)) {
      assertEquals(0, store.stats().segmentsCompacted());
      assertEquals("every segment is too new, or damaged", store.stats().idleReason());
    }
  }

  @Test
  void aCacheWithRoomLeavesGarbageAloneAndTheReasonSaysHowMuchRoom() {
    try (BlobStore store = open(lax(StoreMode.CACHE))) {
      putAll(store, 0, 2 * FULL + 1, LENGTH);
      delete(store, 1, 2, 3, 4, 5);
      assertEquals(0, store.stats().segmentsCompacted());
      String reason = store.stats().idleReason();
      assertTrue(reason.matches("\\d+ bytes are free, and \\d+ needed"), reason);
    }
  }
}
