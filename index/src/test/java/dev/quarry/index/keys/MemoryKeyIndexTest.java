package dev.quarry.index.keys;

import static dev.quarry.index.keys.KeyIndexFixture.all;
import static dev.quarry.index.keys.KeyIndexFixture.bytes;
import static dev.quarry.index.keys.KeyIndexFixture.drain;
import static dev.quarry.index.keys.KeyIndexFixture.hex;
import static dev.quarry.index.keys.KeyIndexFixture.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreClosedException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class MemoryKeyIndexTest {

  private final Set<String> gone = new HashSet<>();
  private final MemoryKeyIndex index = new MemoryKeyIndex(key -> !gone.contains(hex(key)));

  @Test
  void keysOfAllSegmentsComeInOrderEachOnce() {
    index.add(1, 10, keys("ff", "80", "00", "0000", "01"));
    index.add(2, 20, keys("01", "7f", "ff00"));
    assertEquals(List.of("00", "0000", "01", "7f", "80", "ff", "ff00"), all(index));
    assertEquals(List.of("01", "7f"), drain(index.iterate(bytes("01"), bytes("80"))));
    assertEquals(List.of(), drain(index.iterate(bytes("80"), bytes("01"))));
    assertTrue(index.covers(1, 10));
    assertFalse(index.covers(1, 11));
    assertFalse(index.covers(3, 10));
  }

  @Test
  void aCursorGoesOnFromTheKeyThatItIsSentTo() {
    index.add(1, 1, keys("10", "20", "30", "40"));
    try (OrderedKeys cursor = index.iterate(null, bytes("40"))) {
      assertTrue(cursor.next());
      cursor.seek(bytes("21"));
      assertTrue(cursor.next());
      assertEquals("30", hex(cursor.key()));
      cursor.seek(bytes("31"));
      assertFalse(cursor.next());
      assertFalse(cursor.next());
    }
  }

  @Test
  void aCursorSeesTheIndexAsItWasWhenItWasMade() {
    index.add(1, 1, keys("10", "20"));
    OrderedKeys cursor = index.iterate(null, null);
    index.add(2, 1, keys("15", "30"));
    assertEquals(List.of("10", "20"), drain(cursor));
    assertEquals(List.of("10", "15", "20", "30"), all(index));
  }

  @Test
  void aSegmentWithKeysThatCannotBeReadIsNotCovered() {
    index.add(
        1,
        1,
        sink -> {
          sink.put(bytes("10"));
          sink.leaveUncovered();
        });
    assertFalse(index.covers(1, 1));
    assertEquals(List.of("10"), all(index));
  }

  @Test
  void memoryIsGivenBackWhenKeysHaveGone() {
    for (int segment = 0; segment < 100; segment++) {
      index.add(segment, 1, segment(segment));
    }
    long full = index.memoryBytes();
    assertTrue(full < 100 * 100 * (8 + 4 + 1), () -> full + " bytes");
    for (int segment = 0; segment < 90; segment++) {
      int removed = segment;
      index.remove(
          segment,
          sink ->
              segment(removed)
                  .forEach(
                      new KeySink() {
                        @Override
                        public void put(byte[] key) {
                          gone.add(hex(key));
                          sink.delete(key);
                        }

                        @Override
                        public void delete(byte[] key) {}
                      }));
    }
    assertTrue(index.memoryBytes() < full / 3, () -> index.memoryBytes() + " of " + full);
    assertEquals(10 * 100, all(index).stream().filter(key -> !gone.contains(key)).count());
    assertFalse(index.covers(0, 1));
    assertTrue(index.covers(99, 1));
  }

  private static SegmentKeys segment(int number) {
    return sink -> {
      for (int i = 0; i < 100; i++) {
        sink.put(ByteBuffer.allocate(8).putInt(i).putInt(number).array());
      }
    };
  }

  /** Runs of all lengths, merged in all ways. */
  @Test
  void manySegmentsAreOneSortedSet() {
    long seed = System.nanoTime();
    System.out.println("MemoryKeyIndexTest seed " + seed);
    Random random = new Random(seed);
    TreeSet<String> expected = new TreeSet<>();
    for (int segment = 0; segment < 300; segment++) {
      List<String> keys = new ArrayList<>();
      for (int i = random.nextInt(1 << random.nextInt(8)); i >= 0; i--) {
        byte[] key = new byte[1 + random.nextInt(3)];
        random.nextBytes(key);
        keys.add(hex(key));
      }
      expected.addAll(keys);
      index.add(segment, segment, keys(keys));
      assertTrue(index.runs().runs().size() < 12, "few runs");
    }
    assertEquals(List.copyOf(expected), all(index));
  }

  @Test
  void useAfterCloseThrows() {
    index.add(1, 1, keys("10"));
    index.close();
    index.close();
    assertThrows(StoreClosedException.class, () -> index.covers(1, 1));
    assertThrows(StoreClosedException.class, () -> index.iterate(null, null));
    assertThrows(StoreClosedException.class, () -> index.add(2, 2, keys("20")));
    assertEquals(0, index.memoryBytes());
  }
}
