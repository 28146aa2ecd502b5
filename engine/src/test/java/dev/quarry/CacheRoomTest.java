package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Room for a value in a full cache. */
class CacheRoomTest {

  private static final BlobStoreOptions OPTIONS =
      TestStores.small(StoreMode.CACHE).toBuilder().maxBytes(6L * TestStores.SEGMENT_BYTES).build();

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final BlobStore store = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk));

  private void put(int number, int length) {
    store.put(key(number), value(number, length));
  }

  /** Each pass finds a file to compact, and the disk too full for what comes out of it. */
  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void whoWaitsForRoomThatCompactionCannotMakeIsRefused() {
    put(7, 91_279);
    try (Blob held = store.view(key(7))) {
      assertNotNull(held);
      put(3, 92_262);
      put(3, 93_548);
      put(1, 24_864);
      disk.capacity(disk.usedSpace() + 112_311);
      put(11, 6_669);
      put(0, 13_933);
      put(4, 89_027);
      put(0, 14_402);
      put(8, 18_005);
      put(11, 22_854);
      put(10, 42_481);
      assertThrows(StoreFullException.class, () -> put(8, 84_275));
    }
    disk.capacity(Long.MAX_VALUE);
    put(8, 84_275);
    assertArrayEquals(value(8, 84_275), store.get(key(8)));
    store.close();
  }

  /** There is room for a slab only if something goes, and not even for what compaction writes. */
  @ParameterizedTest
  @ValueSource(ints = {21, 54, 67})
  void aCacheAtItsBoundGoesOnThoughTheDiskHasNoMoreRoomThanItTakes(int seed) {
    store.close();
    BlobStoreOptions options = OPTIONS.toBuilder().maxBytes(12L * TestStores.SEGMENT_BYTES).build();
    SimulatedDisk small = new SimulatedDisk(seed);
    Random random = new Random(seed);
    try (BlobStore cache = BlobStore.open(ROOT, options, TestStores.threaded(small))) {
      for (int i = 0; i < 360; i++) {
        cache.put(key(random.nextInt(144)), value(i, 3_000 + random.nextInt(9_000)));
      }
      small.capacity(small.usedSpace() + random.nextInt(100_000));
      int refused = 0;
      for (int i = 0; i < 600; i++) {
        try {
          cache.put(key(random.nextInt(144)), value(i, 3_000 + random.nextInt(9_000)));
          refused = 0;
        } catch (StoreFullException e) {
          refused++;
        }
      }
      assertTrue(refused < 200, refused + " in a row");
      small.capacity(Long.MAX_VALUE);
    }
  }
}
