package dev.quarry;

import static dev.quarry.CompactionFixture.FULL;
import static dev.quarry.CompactionFixture.LAX;
import static dev.quarry.CompactionFixture.LENGTH;
import static dev.quarry.CompactionFixture.STRICT;
import static dev.quarry.CompactionFixture.assertAbsent;
import static dev.quarry.CompactionFixture.assertAsBefore;
import static dev.quarry.CompactionFixture.assertPresent;
import static dev.quarry.CompactionFixture.delete;
import static dev.quarry.CompactionFixture.file;
import static dev.quarry.CompactionFixture.lax;
import static dev.quarry.CompactionFixture.ofOutput;
import static dev.quarry.CompactionFixture.putsIn;
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
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What compaction copies, and where to. It is done by the callers, so that every run takes the same
 * steps. A lax store gathers garbage; opened anew by strict options, it gets rid of it at once.
 */
class CompactionTest {

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open(BlobStoreOptions options) {
    return StoreFixture.open(disk, options);
  }

  // ---- what is copied ----

  @ParameterizedTest
  @EnumSource
  void aSegmentOfWhichNothingIsLiveGoesWithoutCopying(StoreMode mode) throws IOException {
    try (BlobStore store = open(lax(mode))) {
      putAll(store, 0, 3 * FULL, LENGTH);
      Path dead = file(store, 0);
      assertEquals(dead, file(store, FULL - 1));
      assertTrue(disk.exists(dead));
      delete(store, 0, 1, 2, 3, 4, 5, 6);
      assertFalse(disk.exists(dead));
      StoreStats stats = store.stats();
      assertEquals(1, stats.segmentsCompacted());
      assertEquals(0, stats.compactionBytesRead());
      assertEquals(0, stats.compactionBytesWritten());
      assertAll(store, FULL, 3 * FULL, LENGTH);
      StoreInvariants.check(store, disk, ROOT);
    }
    try (BlobStore store = open(lax(mode))) {
      assertAbsent(store, 0, 1, 2, 3, 4, 5, 6);
      assertAll(store, FULL, 3 * FULL, LENGTH);
    }
  }

  @Test
  void whatIsLiveMovesInItsOrderToThePlaceOfItsInputs() throws IOException {
    List<Integer> before = twoSparseSegments(disk);
    Trailer first = StoreFixture.trailer(disk, ROOT, LAYOUT.segment(before.get(1)));
    Trailer last = StoreFixture.trailer(disk, ROOT, LAYOUT.segment(before.get(2)));
    try (BlobStore store = open(STRICT)) {
      int output = segmentOf(store, 7);
      assertTrue(output > before.get(3));
      for (int key : new int[] {13, 16, 20}) {
        assertEquals(output, segmentOf(store, key));
      }
      List<Integer> queue =
          store.segments().inQueueOrder().stream().map(Segment::id).limit(3).toList();
      assertEquals(List.of(before.get(0), output, before.get(3)), queue);
      Path file = LAYOUT.segment(output);
      assertEquals(List.of(7, 13, 16, 20), putsIn(disk, file));
      Trailer trailer = StoreFixture.trailer(disk, ROOT, file);
      assertEquals(first.lowestSequence(), trailer.lowestSequence());
      assertEquals(last.highestSequence(), trailer.highestSequence());
      assertFalse(disk.exists(LAYOUT.segment(before.get(1))));
      assertFalse(disk.exists(LAYOUT.segment(before.get(2))));
      StoreStats stats = store.stats();
      assertEquals(2, stats.segmentsCompacted());
      assertEquals(4 * RecordFormat.length(4, LENGTH), stats.compactionBytesRead());
      assertEquals(disk.size(file), stats.compactionBytesWritten());
      assertAsBefore(store);
      StoreInvariants.check(store, disk, ROOT);
    }
    disk.delete(LAYOUT.checkpoint());
    try (BlobStore store = open(LAX)) {
      assertAsBefore(store);
      StoreInvariants.check(store, disk, ROOT);
    }
  }

  @Test
  void manySparseSegmentsBecomeFewThatAreNoLongerThanOthers() throws IOException {
    int segments = 40;
    try (BlobStore store = open(LAX)) {
      putAll(store, 0, segments * FULL + 1, LENGTH);
      for (int i = 0; i < segments * FULL; i++) {
        if (i % FULL != i / FULL % FULL) {
          delete(store, i);
        }
      }
    }
    try (BlobStore store = open(STRICT)) {
      StoreStats stats = store.stats();
      assertTrue(stats.segments() <= segments / 3, () -> stats.segments() + " segments");
      for (StoreStats.LiveShare share : stats.liveShares()) {
        assertTrue(share.fileBytes() <= TestStores.SEGMENT_BYTES, share::toString);
      }
      for (int i = 0; i < segments * FULL; i++) {
        if (i % FULL == i / FULL % FULL) {
          assertPresent(store, i);
        } else {
          assertAbsent(store, i);
        }
      }
      StoreInvariants.check(store, disk, ROOT);
    }
  }

  // ---- while it is copied ----

  /** What a writer does with a key whose record is being copied. */
  enum Meanwhile {
    PUT,
    DELETE,
    DELETE_AND_PUT;

    void run(BlobStore store, byte[] key) {
      if (this != PUT) {
        assertTrue(store.delete(key));
      }
      if (this != DELETE) {
        store.put(key, value(77, 100));
      }
    }

    void check(BlobStore store, byte[] key) {
      assertArrayEquals(this == DELETE ? null : value(77, 100), store.get(key));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsOverwrittenOrDeletedWhileItIsCopiedIsNotReplacedByItsCopy(Meanwhile meanwhile)
      throws IOException {
    AtomicBoolean armed = new AtomicBoolean();
    BlobStore[] opened = new BlobStore[1];
    List<Integer> copied = new ArrayList<>();
    Disk hooked =
        new FaultyDisk(
            disk,
            (operation, path) -> {
              if (ofOutput(operation, Operation.WRITE, path) && armed.compareAndSet(true, false)) {
                meanwhile.run(opened[0], key(4));
              }
              if (ofOutput(operation, Operation.RENAME, path) && copied.isEmpty()) {
                copied.addAll(putsIn(disk, path));
              }
              return null;
            });
    SimulatedDisk crashed;
    try (BlobStore store = StoreFixture.open(hooked, STRICT)) {
      opened[0] = store;
      putAll(store, 0, 2 * FULL + 1, LENGTH);
      Path input = file(store, 4);
      delete(store, 0, 1, 2);
      armed.set(true);
      store.delete(key(3)); // less than half of the segment is live now
      assertFalse(disk.exists(input));
      assertEquals(List.of(4, 5, 6), copied, "the old record, too");
      meanwhile.check(store, key(4));
      assertPresent(store, 5, 6);
      StoreInvariants.check(store, disk, ROOT);
      crashed = disk.afterCrash(Survival.NONE, 1);
    }
    for (SimulatedDisk after : List.of(crashed, disk)) {
      after.delete(LAYOUT.checkpoint());
      for (int i = 0; i < 2; i++) {
        try (BlobStore store = StoreFixture.open(after, STRICT)) {
          meanwhile.check(store, key(4));
          assertPresent(store, 5, 6);
        }
      }
    }
  }

  // ---- keys in order ----

  /** The key index is on the file system, so that everything is. */
  @Test
  void aCursorListsEveryLiveKeyOnceWhileItsRecordIsMovedAndAfterwards(@TempDir Path directory) {
    Environment inline = TestStores.inline(new FileSystemDisk());
    try (BlobStore store = BlobStore.open(directory, STRICT, inline)) {
      putAll(store, 0, 5 * FULL + 1, LENGTH);
      List<String> expected = new ArrayList<>();
      try (KeyCursor cursor = store.keys(KeyRange.all())) {
        for (int i = 0; i < 5 * FULL + 1; i++) {
          assertTrue(cursor.next());
          assertArrayEquals(key(i), cursor.key());
          expected.add(Arrays.toString(key(i)));
          if (i % FULL == 3 && i < 4 * FULL) { // what is ahead of the cursor moves
            int segment = segmentOf(store, i + 3);
            delete(store, i - 3, i - 2, i - 1, i);
            assertNotEquals(segment, segmentOf(store, i + 3));
            expected = new ArrayList<>(expected.subList(0, expected.size() - 4));
          }
        }
        assertFalse(cursor.next());
      }
      assertTrue(store.stats().segmentsCompacted() >= 4);
      assertEquals(expected, StoreFixture.keys(store, KeyRange.all()));
    }
    try (BlobStore store = BlobStore.open(directory, STRICT, inline)) {
      assertEquals(5 * FULL + 1 - 16, StoreFixture.keys(store, KeyRange.all()).size());
    }
  }
}
