package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Off-heap memory per key, everything the index has taken counted. */
@Tag("slow")
class MemoryPerKeyTest {

  private static final double MAX_BYTES_PER_KEY = 38;
  private static final int FROM = 1_000_000;
  private static final int TO = 2_500_000;

  private final Replaced out = new Replaced();

  private void publish(ShardedIndex index, int key) {
    index.publish(
        Hashes.low(key),
        Hashes.high(key),
        Location.pack(1, key * 8L, false),
        1,
        key,
        false,
        (existing, sequence) -> true,
        out);
  }

  @Test
  void anEmptyIndexIsSmall() {
    ShardedIndex index = new ShardedIndex();
    assertEquals(0, index.memoryBytes());
    for (int key = 0; key < 20; key++) {
      publish(index, key);
    }
    assertTrue(index.memoryBytes() <= 512 << 10);
  }

  @Test
  void memoryPerKeyIsBoundedAtEverySizeFromAMillion() {
    ShardedIndex index = new ShardedIndex();
    long before = 0;
    int growths = 0;
    for (int key = 0; key < TO; key++) {
      publish(index, key);
      long bytes = index.memoryBytes();
      if (key + 1 >= FROM && bytes != before) {
        growths++;
        double perKey = bytes / (key + 1.0);
        assertTrue(perKey <= MAX_BYTES_PER_KEY, perKey + " bytes a key at " + (key + 1));
      }
      before = bytes;
    }
    assertTrue(growths > 20, "memory grew only " + growths + " times");
    assertEquals(TO, index.size());
  }

  @Test
  void anIndexMadeForItsKeysTakesNoMoreThanOneThatGrew() {
    ShardedIndex index = new ShardedIndex(FROM);
    for (int key = 0; key < FROM; key++) {
      publish(index, key);
    }
    assertTrue(index.memoryBytes() <= MAX_BYTES_PER_KEY * FROM);
  }
}
