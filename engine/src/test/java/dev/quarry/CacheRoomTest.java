package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.segment.SimulatedDisk;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
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
}
