package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Split512ModelTest {

  /** The definition, term by term. */
  private static double sumOverLoads(double keysPerBlock) {
    double poisson = Math.exp(-keysPerBlock);
    double rate = 0;
    for (int keys = 0; keys < 1000; keys++) {
      rate += poisson * Math.pow(1 - Math.pow(63.0 / 64, keys), 8);
      poisson *= keysPerBlock / (keys + 1);
    }
    return rate;
  }

  @ParameterizedTest
  @ValueSource(doubles = {9, 15, 25, 32.5, 50.7, 80, 160})
  void closedFormEqualsTheSumOverBlockLoads(double keysPerBlock) {
    double expected = sumOverLoads(keysPerBlock);
    assertEquals(expected, Split512Model.rate(keysPerBlock), expected * 1e-6);
  }

  @Property
  void loadForARateGivesThatRate(
      @ForAll @DoubleRange(min = 1e-5, max = 0.5) @Scale(6) double rate) {
    assertEquals(rate, Split512Model.rate(Split512Model.keysPerBlock(rate)), rate * 1e-6);
  }

  @Test
  void bitsPerKeyAreThoseOfTheDesign() {
    assertEquals(10.11, 512 / Split512Model.keysPerBlock(0.01), 0.03);
    assertEquals(15.75, 512 / Split512Model.keysPerBlock(0.001), 0.03);
  }

  @Test
  void anEmptyFilterHasRateZeroAndAFullOneRateOne() {
    assertEquals(0, Split512Model.rate(0), 1e-13);
    assertEquals(1, Split512Model.rate(1e6));
    assertTrue(Split512Model.rate(1e-3) >= 0);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.01, 9.9e-6, 0.51, 1, Double.NaN, Double.POSITIVE_INFINITY})
  void ratesOutOfRangeAreRefused(double rate) {
    assertThrows(IllegalArgumentException.class, () -> Split512Model.keysPerBlock(rate));
  }
}
