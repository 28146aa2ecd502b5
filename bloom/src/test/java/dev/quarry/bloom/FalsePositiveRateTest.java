package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Measured rates; the keys are fixed, so the figures are the same in every run. */
@Tag("slow")
class FalsePositiveRateTest {

  private static final long KEYS = 1_000_000;
  private static final long PROBES = 20_000_000;

  @Test
  void atMostOnePercentAt10Point2BitsPerKey() {
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits((long) (10.2 * KEYS), KEYS);
    assertTrue(measure(filter, KEYS, PROBES) <= 0.01);
  }

  @Test
  void atMostOnePerMilleAt15Point8BitsPerKey() {
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits((long) (15.8 * KEYS), KEYS);
    assertTrue(measure(filter, KEYS, PROBES) <= 0.001);
  }

  /** Within five standard deviations of the probes, and 2 % for the filling being random too. */
  @ParameterizedTest
  @CsvSource({
    "300_000, 0.5",
    "300_000, 0.1",
    "300_000, 0.03",
    "300_000, 0.01",
    "300_000, 0.001",
    "300_000, 0.0001",
    "2_000, 0.01"
  })
  void aFilterForSoManyKeysHasItsRateAndIsNoLargerThanThat(String keyCount, double rate) {
    long keys = Long.parseLong(keyCount.replace("_", ""));
    long probes = 4_000_000;
    double measured = measure(BlockedBloomFilter.forKeys(keys, rate), keys, probes);
    double tolerance =
        5 * Math.sqrt(rate * (1 - rate) / probes) + (keys < 10_000 ? 0.2 : 0.02) * rate;
    assertTrue(measured <= rate + tolerance, () -> measured + " is over " + rate);
    assertTrue(measured >= rate - tolerance, () -> measured + " is far under " + rate);
  }

  @Test
  void theExpectedRateIsTrueOfAFilterThatIsHalfFullOrOverfull() {
    BlockedBloomFilter filter = BlockedBloomFilter.forKeys(300_000, 0.01);
    for (long filled : new long[] {150_000, 600_000}) {
      double measured = measure(filter, filled, 4_000_000);
      double expected = filter.expectedRate(filled);
      double tolerance = 5 * Math.sqrt(expected / 4_000_000) + 0.02 * expected;
      assertTrue(Math.abs(measured - expected) <= tolerance, () -> measured + " for " + expected);
    }
  }

  private static double measure(BlockedBloomFilter filter, long keys, long probes) {
    for (long key = 0; key < keys; key++) {
      filter.add(Hashes.low(key), Hashes.high(key));
    }
    long positives = 0;
    for (long absent = keys; absent < keys + probes; absent++) {
      if (filter.mightContain(Hashes.low(absent), Hashes.high(absent))) {
        positives++;
      }
    }
    double measured = (double) positives / probes;
    System.out.printf(
        "%d keys, %.3f bits per key: %d of %d absent keys positive, %.5f %% (model %.5f %%)%n",
        keys,
        (double) filter.bits() / keys,
        positives,
        probes,
        100 * measured,
        100 * filter.expectedRate(keys));
    return measured;
  }
}
