package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SwappableBloomFilterTest {

  private final SwappableBloomFilter filter = new SwappableBloomFilter(1_000, 0.001);

  private void put(long from, long to) {
    for (long key = from; key < to; key++) {
      filter.confirm(filter.add(Hashes.low(key), Hashes.high(key)));
    }
  }

  private static KeySource keys(long from, long to) {
    return consumer -> {
      for (long key = from; key < to; key++) {
        consumer.accept(Hashes.low(key), Hashes.high(key));
      }
    };
  }

  private int contained(long from, long to) {
    int contained = 0;
    for (long key = from; key < to; key++) {
      contained += filter.mightContain(Hashes.low(key), Hashes.high(key)) ? 1 : 0;
    }
    return contained;
  }

  @Test
  void aRebuiltFilterHoldsTheKeysOfTheSourceAndNoOthers() throws InterruptedException {
    put(0, 1_000);
    assertEquals(1_000, contained(0, 1_000));
    assertTrue(filter.rebuild(2_000, keys(500, 1_500)));
    assertEquals(1_000, contained(500, 1_500));
    assertTrue(contained(0, 500) < 10);
    assertEquals(2_000, filter.capacity());
    assertTrue(filter.keysAdded() > 990 && filter.keysAdded() <= 1_000);
  }

  @Test
  void addsDuringARebuildAreInBothFilters() throws InterruptedException {
    assertTrue(
        filter.rebuild(
            1_000,
            consumer -> {
              put(0, 100);
              assertEquals(100, contained(0, 100));
            }));
    assertEquals(100, contained(0, 100));
    assertEquals(100, filter.keysAdded());
  }

  @Test
  void aFailingSourceLeavesTheOldFilterWithAllAdds() throws InterruptedException {
    put(0, 100);
    IllegalStateException failure = new IllegalStateException("the index is closed");
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                filter.rebuild(
                    5_000,
                    consumer -> {
                      put(100, 200);
                      throw failure;
                    }));
    assertSame(failure, thrown);
    put(200, 300);
    assertEquals(300, contained(0, 300));
    assertEquals(1_000, filter.capacity());
    assertTrue(filter.rebuild(5_000, keys(0, 300)));
    assertEquals(300, contained(0, 300));
    assertEquals(5_000, filter.capacity());
  }

  @Test
  void aRefusedSizeLeavesTheFilterAsItWas() throws InterruptedException {
    put(0, 100);
    assertThrows(IllegalArgumentException.class, () -> filter.rebuild(0, keys(0, 1)));
    assertEquals(100, contained(0, 100));
    assertTrue(filter.rebuild(1_000, keys(0, 100)));
  }

  @Test
  void onlyOneRebuildRunsAtATime() throws InterruptedException {
    boolean[] second = {true};
    assertTrue(
        filter.rebuild(
            1_000,
            consumer -> {
              try {
                second[0] = filter.rebuild(9_000, keys(0, 10));
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }));
    assertFalse(second[0]);
    assertEquals(1_000, filter.capacity());
    assertTrue(filter.rebuild(9_000, keys(0, 10)));
  }

  @Test
  void anInterruptEndsTheWaitForAddsAndLosesNothing() throws InterruptedException {
    SwappableBloomFilter.Epoch unconfirmed = filter.add(Hashes.low(7), Hashes.high(7));
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> filter.rebuild(5_000, keys(0, 0)));
    assertFalse(Thread.currentThread().isInterrupted());
    assertEquals(1, contained(7, 8));
    assertEquals(1_000, filter.capacity());
    filter.confirm(unconfirmed);
    assertTrue(filter.rebuild(5_000, keys(7, 8)));
    assertEquals(1, contained(7, 8));
  }

  @Test
  void countersTellWhenToRebuild() throws InterruptedException {
    put(0, 1_000);
    put(0, 1_000);
    assertFalse(filter.needsRebuild());
    assertEquals(0.001, filter.expectedRate(), 0.0001);
    put(1_000, 1_100);
    assertTrue(filter.needsRebuild());
    assertTrue(filter.expectedRate() > 0.001);
    assertTrue(filter.rebuild(2_000, keys(0, 1_100)));
    assertFalse(filter.needsRebuild());
    assertTrue(filter.expectedRate() < 0.001);
  }

  @Test
  void memoryIsThatOfBothFiltersDuringARebuild() throws InterruptedException {
    long small = BlockedBloomFilter.forKeys(1_000, 0.001).memoryBytes();
    long large = BlockedBloomFilter.forKeys(10_000, 0.001).memoryBytes();
    assertEquals(small, filter.memoryBytes());
    assertTrue(
        filter.rebuild(10_000, consumer -> assertEquals(small + large, filter.memoryBytes())));
    assertEquals(large, filter.memoryBytes());
  }
}
