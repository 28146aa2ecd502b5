package dev.quarry;

import static dev.quarry.CompactionFixture.FULL;
import static dev.quarry.CompactionFixture.LAX;
import static dev.quarry.CompactionFixture.LENGTH;
import static dev.quarry.CompactionFixture.delete;
import static dev.quarry.CompactionFixture.lax;
import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A store that is emptied gives its disk back. */
class DeleteEverythingTest {

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open(BlobStoreOptions options) {
    return StoreFixture.open(disk, options);
  }

  @ParameterizedTest
  @CsvSource({
    "DURABLE,300,1000",
    "DURABLE,5000,50",
    "CACHE,21,10000",
    "CACHE,300,1000",
    "CACHE,5000,50"
  })
  void whenEverythingIsDeletedAllFilesTogetherTakeLessThanTwoSegments(
      StoreMode mode, int keys, int length) throws IOException {
    BlobStoreOptions options = lax(mode).toBuilder().maxGarbageShare(0.25).build();
    try (BlobStore store = open(options)) {
      putAll(store, 0, keys, length);
      for (int i = 0; i < keys; i++) {
        delete(store, i);
      }
      assertEquals(0, store.stats().keys());
      StoreInvariants.check(store, disk, ROOT);
      StoreStats stats = store.stats();
      long segments = stats.diskBytes() - stats.reserveBytes() - stats.logBytes();
      assertTrue(segments < TestStores.SEGMENT_BYTES, stats::toString);
    }
    for (int i = 0; i < 5; i++) {
      try (BlobStore store = open(options)) {
        assertEquals(0, store.stats().keys());
        assertSmall(store);
      }
    }
  }

  /** The next opening takes from it which numbers are used up, whatever else of it is gone. */
  @Test
  void theNewestSegmentGoesTooWhenItIsDeadAndNewerPutsAreStillNewer() throws IOException {
    try (BlobStore store = open(LAX)) {
      putAll(store, 0, 3 * FULL, LENGTH);
      for (int i = 0; i < 3 * FULL; i++) {
        delete(store, i);
      }
    }
    try (BlobStore store = open(LAX)) {
      assertSmall(store);
      store.put(key(0), value(1, 100));
      store.put(key(0), value(2, 100));
    }
    for (int i = 0; i < 3; i++) {
      disk.delete(LAYOUT.checkpoint());
      try (BlobStore store = open(LAX)) {
        assertArrayEquals(value(2, 100), store.get(key(0)));
        assertEquals(1, store.stats().keys());
        assertSmall(store);
      }
    }
  }

  private void assertSmall(BlobStore store) {
    StoreInvariants.check(store, disk, ROOT);
    StoreStats stats = store.stats();
    assertTrue(
        stats.diskBytes() < 2 * TestStores.SEGMENT_BYTES,
        () -> stats.diskBytes() + " bytes are left: " + stats);
  }
}
