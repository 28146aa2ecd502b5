package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Large values of a cache come and go while the slab that their numbers belong to is still being
 * filled, and each leaves a shadow. These must not pile up until there is no room for anything
 * else.
 */
class ShadowPileTest {

  private static final int SEGMENTS = 16;

  /** What is in the file that the blob keeps hides nothing but what it holds. */
  @Test
  void anOpenBlobOfADeletedValueDoesNotFillACacheWithShadows() {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStoreOptions options =
        TestStores.small(StoreMode.CACHE).toBuilder()
            .maxBytes((long) SEGMENTS * TestStores.SEGMENT_BYTES)
            .build();
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
      for (int i = 0; i < 2_000; i++) {
        store.put(key(i), value(i, 100));
      }
      try (Blob blob = store.view(key(0))) {
        assertNotNull(blob);
        store.delete(key(0));
        for (int i = 2_000; i < 20_000; i++) {
          store.put(key(i), value(i, 100));
        }
        assertTrue(store.stats().keys() > 3_000, () -> store.stats().keys() + " keys");
      }
    }
  }

  /**
   * The shadows of deleted keys, more than fit a block, are needed as long as the puts are there.
   */
  @ParameterizedTest
  @EnumSource
  @Timeout(120)
  void aSegmentOfShadowsIsNotRewrittenAgainAndAgain(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStoreOptions some =
        mode == StoreMode.CACHE ? BlobStoreOptions.cache(1 << 30) : BlobStoreOptions.durable();
    BlobStoreOptions options = some.toBuilder().segmentBytes(1 << 20).slabs(2).build();
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
      for (int i = 0; i < 200; i++) {
        store.put(key(i), value(i, 1));
      }
      for (int i = 1_000; i < 1_040; i++) {
        store.put(key(i), value(i, 20_000));
      }
    }
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
      for (int i = 0; i < 200; i++) {
        store.delete(key(i));
      }
    }
    for (int i = 2_000; i < 2_010; i++) {
      try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
        store.put(key(i), value(i, 1));
        store.sync();
        assertTrue(store.stats().segmentsCompacted() < 20, () -> "" + store.stats());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 20})
  void aCacheOfLargeValuesTakesMoreForEver(int oneLargeOf) {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStoreOptions options =
        TestStores.small(StoreMode.CACHE).toBuilder()
            .maxBytes((long) SEGMENTS * TestStores.SEGMENT_BYTES)
            .build();
    Random random = new Random(oneLargeOf);
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
      for (int i = 0; i < 800 * Math.min(oneLargeOf, 5); i++) {
        int large = TestStores.SEGMENT_BYTES + random.nextInt(TestStores.SEGMENT_BYTES);
        store.put(key(i), value(i, i % oneLargeOf == 0 ? large : 200));
        int segments = store.stats().segments();
        assertTrue(segments < 4 * SEGMENTS, () -> segments + " segments");
      }
    }
  }
}
