package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A blob that is open keeps the file of its segment, even if nothing leads there any more. */
class PinnedSegmentTest {

  private static final int DELETED = 1;
  private static final int VIEWED = 2;
  private static final int FILLER = 3;
  private static final int NEIGHBOUR = 4;
  private static final int NEXT_FILLER = 5;

  private static final BlobStoreOptions OPTIONS =
      TestStores.small(StoreMode.DURABLE).toBuilder()
          .maxGarbageShare(0.05)
          .checkpointInterval(Duration.ZERO)
          .checkpointEntries(1)
          .build();

  private SimulatedDisk disk = new SimulatedDisk(1);

  /**
   * The file that is kept holds a record whose tombstone, of the next segment, was dropped when
   * both became one. Only what they became says that it was replaced, until nothing of that is live
   * any more either.
   */
  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void whatWasDeletedStaysDeletedAlsoIfABlobKeepsItsFile(boolean crash, boolean checkpoint)
      throws Exception {
    BlobStore store = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk));
    store.put(key(DELETED), value(1, 1_000));
    store.put(key(VIEWED), value(2, 10_000));
    store.put(key(FILLER), value(3, 58_000));
    store.put(key(NEIGHBOUR), value(4, 10_000));
    store.delete(key(DELETED));
    store.put(key(NEXT_FILLER), value(5, 58_000));
    fill(store, 0, 20);
    Path pinned = file(store, VIEWED);
    assertNotEquals(pinned, file(store, NEIGHBOUR));
    try (Blob blob = store.view(key(VIEWED))) {
      store.delete(key(NEXT_FILLER));
      store.delete(key(FILLER));
      fill(store, 20, 12);
      assertNotEquals(pinned, file(store, VIEWED), "it was compacted");
      assertEquals(file(store, NEIGHBOUR), file(store, VIEWED), "together with the next");
      assertTrue(disk.exists(pinned), "the blob keeps the file");
      store.delete(key(NEIGHBOUR));
      store.delete(key(VIEWED));
      fill(store, 40, 12);
      assertArrayEquals(value(2, 10_000), bytes(blob));
      if (crash) {
        disk = disk.afterCrash(Survival.ALL, 1);
      } else {
        store.close();
      }
      assertTrue(disk.exists(pinned));
    }
    if (!checkpoint) {
      disk.delete(new StoreLayout(ROOT).checkpoint());
    }
    try (BlobStore reopened = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk))) {
      for (int key : new int[] {DELETED, VIEWED, FILLER, NEIGHBOUR, NEXT_FILLER}) {
        assertNull(reopened.get(key(key)), () -> "key " + key + " came back");
      }
      assertEquals(44, reopened.stats().keys());
      assertFalse(disk.exists(pinned), "nobody needs the file any more");
    }
  }

  @Test
  void whatWasReplacedIsNotReadSoItMayBeDamaged() throws Exception {
    BlobStore store = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk));
    store.put(key(VIEWED), value(2, 10_000));
    store.put(key(FILLER), value(3, 58_000));
    fill(store, 0, 20);
    Path pinned = file(store, VIEWED);
    try (Blob blob = store.view(key(VIEWED))) {
      assertEquals(10_000, blob.size());
      store.delete(key(FILLER));
      fill(store, 20, 12);
      assertNotEquals(pinned, file(store, VIEWED), "it was compacted");
      disk = disk.afterCrash(Survival.ALL, 1);
    }
    try (DiskFile file = disk.open(pinned)) {
      file.truncate(Disk.BLOCK);
    }
    try (BlobStore reopened = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk))) {
      assertArrayEquals(value(2, 10_000), reopened.get(key(VIEWED)));
      assertFalse(disk.exists(pinned), "another file replaced it");
    }
  }

  private static void fill(BlobStore store, int from, int count) {
    for (int i = from; i < from + count; i++) {
      store.put(key(1_000 + i), value(i, 20_000));
    }
  }

  private static byte[] bytes(Blob blob) {
    byte[] bytes = new byte[blob.size()];
    blob.buffer().get(bytes);
    return bytes;
  }

  private static Path file(BlobStore store, int key) {
    Scratch scratch = Scratch.get();
    store.directory().hash(key(key), scratch);
    int id = Location.segment(store.directory().find(scratch));
    return new StoreLayout(ROOT).segment(id);
  }
}
