package dev.quarry.benchmarks.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PolicyCacheTest {

  private static final int CAPACITY = 100;

  private static boolean request(Cache cache, int key) {
    return cache.request(Integer.toString(key).getBytes(StandardCharsets.US_ASCII), 1);
  }

  private static void request(Cache cache, int from, int to) {
    for (int key = from; key < to; key++) {
      request(cache, key);
    }
  }

  @Property(tries = 300)
  void sieveOverALogHitsWheneverSieveOverAListDoes(
      @ForAll @IntRange(min = 1, max = 300) int capacity,
      @ForAll @DoubleRange(min = 0.3, max = 4) double skew,
      @ForAll @IntRange(min = 2, max = 3_000) int keys,
      @ForAll long seed) {
    Cache textbook = new TextbookSieve(capacity);
    Cache log = new PolicyCache(capacity, Policy.SIEVE);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 6_000; i++) {
      int key = (int) (keys * Math.pow(random.nextDouble(), skew));
      assertEquals(request(textbook, key), request(log, key), "request " + i + ", seed " + seed);
    }
  }

  @Test
  void theNewestTwentiethIsNotLookedAt() {
    Cache cache = new PolicyCache(CAPACITY, Policy.DEFAULT);
    request(cache, 0, CAPACITY);
    request(cache, 0, CAPACITY - 5);
    // All others are visited, but the five newest are out of reach.
    request(cache, CAPACITY);
    for (int key = CAPACITY - 5; key <= CAPACITY; key++) {
      assertTrue(request(cache, key), "object " + key);
    }
  }

  @Test
  void withoutGraceTheNewestIsEvictedWhenAllOthersAreVisited() {
    Cache cache = new PolicyCache(CAPACITY, Policy.SIEVE);
    request(cache, 0, CAPACITY);
    request(cache, 0, CAPACITY - 1);
    request(cache, CAPACITY);
    assertFalse(request(cache, CAPACITY - 1));
  }

  @Test
  void anObjectThatComesBackSoonAfterItsEvictionStartsVisited() {
    assertTrue(outlivesALap(Policy.DEFAULT));
    assertFalse(outlivesALap(Policy.SIEVE));
  }

  /** Whether an object, evicted and put in again, is there after all that came before it is not. */
  private static boolean outlivesALap(Policy policy) {
    Cache cache = new PolicyCache(CAPACITY, policy);
    request(cache, 0, CAPACITY + 1);
    assertFalse(request(cache, 0));
    request(cache, CAPACITY + 1, 2 * CAPACITY + 1);
    return request(cache, 0);
  }
}
