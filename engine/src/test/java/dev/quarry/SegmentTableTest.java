package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quarry.segment.SimulatedDisk;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a checkpoint may cover. */
class SegmentTableTest {

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private static List<Integer> settled(BlobStore store) {
    return store.segments().settled().stream().map(Segment::id).sorted().toList();
  }

  @Test
  void aLargeValueIsLeftOutAsLongAsSomethingOlderIsNotOnDisk() {
    try (BlobStore store =
        BlobStore.open(ROOT, TestStores.small(StoreMode.CACHE), TestStores.inline(disk))) {
      store.put(key(1), value(1, 100));
      store.put(key(2), value(2, 100_000));
      assertEquals(List.of(), settled(store), "the first put is in a slab");
      store.sync();
      assertEquals(List.of(1, 2), settled(store));
    }
  }

  @Test
  void aLargeValueIsInWhereNothingElseWasPut() {
    try (BlobStore store =
        BlobStore.open(ROOT, TestStores.small(StoreMode.CACHE), TestStores.inline(disk))) {
      store.put(key(1), value(1, 100_000));
      store.put(key(2), value(2, 100_000));
      assertEquals(List.of(2, 3), settled(store));
      store.put(key(3), value(3, 100));
      store.put(key(4), value(4, 100_000));
      assertEquals(List.of(), settled(store), "the slab's numbers begin before all of these");
    }
  }
}
