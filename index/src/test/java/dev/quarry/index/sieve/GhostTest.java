package dev.quarry.index.sieve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class GhostTest {

  private static final int OBJECTS = 10_000;

  private static long low(long key) {
    return new SplittableRandom(2 * key).nextLong();
  }

  private static long high(long key) {
    return new SplittableRandom(2 * key + 1).nextLong();
  }

  private static void add(Ghost ghost, long from, long to, long bytes) {
    for (long key = from; key < to; key++) {
      ghost.add(low(key), high(key), bytes);
    }
  }

  private static long found(Ghost ghost, long from, long to) {
    long found = 0;
    for (long key = from; key < to; key++) {
      found += ghost.contains(low(key), high(key)) ? 1 : 0;
    }
    return found;
  }

  @Test
  void aNewGhostRemembersNothing() {
    Ghost ghost = new Ghost(1, () -> 0);
    assertEquals(0, found(ghost, 0, 100));
    assertEquals(0, ghost.memoryBytes());
  }

  @Test
  void whatWasEvictedWithinTheCapacityIsRemembered() {
    Ghost ghost = new Ghost(OBJECTS * 100L, () -> OBJECTS);
    add(ghost, 0, 5 * OBJECTS, 100);
    assertEquals(OBJECTS, found(ghost, 4 * OBJECTS, 5 * OBJECTS));
  }

  @Test
  void whatWasEvictedLongBeforeIsForgotten() {
    Ghost ghost = new Ghost(OBJECTS * 100L, () -> OBJECTS);
    int evicted = 5 * OBJECTS;
    for (int more = 0; more < OBJECTS; more += 777) {
      add(ghost, evicted, evicted + more, 100);
      evicted += more;
      int last = evicted - OBJECTS * 13 / 10;
      assertTrue(found(ghost, last - OBJECTS, last) < OBJECTS / 50, "after " + evicted);
    }
  }

  @Test
  void fewerThanOneInAHundredPassForEvicted() {
    Ghost ghost = new Ghost(OBJECTS, () -> OBJECTS);
    add(ghost, 0, 3 * OBJECTS, 1);
    assertTrue(found(ghost, 1_000_000, 1_100_000) < 1_000);
  }

  @Tag("slow")
  @Property(tries = 200)
  void whateverTheSizesAndHoweverManyKeysLiveTheWindowIsCovered(
      @ForAll @LongRange(min = 1, max = 2_000) long capacity,
      @ForAll @IntRange(min = 1, max = 60) int largest,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Ghost ghost = new Ghost(capacity, () -> capacity / largest);
    long[] sizes = new long[3_000];
    for (int key = 0; key < sizes.length; key++) {
      sizes[key] = random.nextLong(largest / 2 + 1, largest + 1);
      ghost.add(low(key), high(key), sizes[key]);
    }
    long window = 0;
    for (int key = sizes.length - 1; key >= 0 && window < capacity; key--) {
      assertTrue(ghost.contains(low(key), high(key)), "key " + key);
      window += sizes[key];
    }
  }

  @Test
  void memoryIsBoundedWhenFiltersAreFullEarly() {
    Ghost ghost = new Ghost(Long.MAX_VALUE, () -> OBJECTS);
    add(ghost, 0, 20 * OBJECTS, 1);
    assertTrue(ghost.memoryBytes() < 5L * OBJECTS * 16 / 8, () -> "" + ghost.memoryBytes());
    assertEquals(3 * OBJECTS, found(ghost, 17 * OBJECTS, 20 * OBJECTS));
  }

  @Test
  void memoryIsEighteenBitsAnObject() {
    Ghost ghost = new Ghost(1_000_000, () -> 1_000_000);
    add(ghost, 0, 3_000_000, 1);
    double bits = ghost.memoryBytes() * 8 / 1e6;
    assertTrue(bits > 15 && bits < 20, () -> bits + " bits");
  }

  @Test
  void badArgumentsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Ghost(0, () -> 1));
    Ghost ghost = new Ghost(1, () -> -5);
    assertThrows(IllegalArgumentException.class, () -> ghost.add(0, 0, -1));
    ghost.add(1, 1, 0);
    assertTrue(ghost.contains(1, 1));
    assertFalse(ghost.contains(2, 2));
  }
}
