package dev.quarry;

import static dev.quarry.CompactionFixture.FULL;
import static dev.quarry.CompactionFixture.LAX;
import static dev.quarry.CompactionFixture.LENGTH;
import static dev.quarry.CompactionFixture.delete;
import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No sequence number is given out twice. */
class SequenceTest {

  private final SimulatedDisk disk = new SimulatedDisk(1);

  /** The last record of a slab and the first of the next are of one key. */
  @ParameterizedTest
  @EnumSource(StoreMode.class)
  void theLatestValueWinsAlsoWhereOneSlabEndsAndTheNextBegins(StoreMode mode) {
    try (BlobStore store = StoreFixture.open(disk, TestStores.small(mode))) {
      for (int i = 0; i < 5 * FULL; i++) {
        byte[] value = value(i, LENGTH);
        store.put(key(1), value);
        assertArrayEquals(value, store.get(key(1)), "value " + i);
      }
    }
  }

  @Test
  void numbersThatWereUsedUpStaySoWhenNothingIsLeftOfTheirRecords() throws IOException {
    try (BlobStore store = StoreFixture.open(disk, LAX)) {
      putAll(store, 0, 3 * FULL, LENGTH);
      for (int i = 0; i < 3 * FULL; i++) {
        delete(store, i);
      }
    }
    long used = 2 * 3 * FULL;
    for (int i = 0; i < 3; i++) {
      disk.delete(LAYOUT.checkpoint());
      try (BlobStore store = StoreFixture.open(disk, LAX)) {
        List<Segment> queue = store.segments().inQueueOrder();
        long next = queue.get(queue.size() - 1).place();
        assertTrue(next > used, () -> "number " + next + " is given out again");
      }
    }
  }
}
