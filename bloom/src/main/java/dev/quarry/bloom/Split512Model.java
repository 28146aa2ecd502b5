package dev.quarry.bloom;

/**
 * The expected false-positive rate of the split-512 layout.
 *
 * <p>A block that holds k keys has each bit of each of its eight longs set with probability {@code
 * 1 - (63/64)^k}, and the eight longs are independent, so an absent key that falls on the block is
 * taken for present with probability {@code (1 - (63/64)^k)^8}. The keys of a block follow a
 * Poisson distribution of mean L, the keys per block. Expanding the eighth power and taking the
 * mean of {@code (63/64)^(jk)}, which is {@code exp(-L (1 - (63/64)^j))}, gives the rate in closed
 * form:
 *
 * <pre>  rate(L) = sum over j = 0..8 of  (-1)^j C(8, j) exp(-L (1 - (63/64)^j))</pre>
 *
 * <p>The mixture over block loads is Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient
 * Bloom Filters" (2007). The sum cancels down to about 1e-14, far below {@link #MIN_RATE}.
 */
final class Split512Model {

  /** Lowest rate that can be asked for; it costs 35 bits per key. */
  static final double MIN_RATE = 1e-5;

  /** Highest rate that can be asked for; it costs 3.2 bits per key. */
  static final double MAX_RATE = 0.5;

  private static final int LONGS = BlockedBloomFilter.LONGS_PER_BLOCK;

  /** More keys per block than {@link #MAX_RATE} needs: the upper end of the search. */
  private static final double MAX_KEYS_PER_BLOCK = 256;

  private static final double UNSET_BY_ONE_KEY = 63.0 / 64.0;

  private Split512Model() {}

  /** The rate at which absent keys are taken for present, for a mean of keys per block of 0 up. */
  static double rate(double keysPerBlock) {
    double rate = 0;
    double signedBinomial = 1;
    for (int j = 0; j <= LONGS; j++) {
      rate += signedBinomial * Math.exp(-keysPerBlock * (1 - Math.pow(UNSET_BY_ONE_KEY, j)));
      signedBinomial *= -(LONGS - j) / (j + 1.0);
    }
    return Math.min(1, Math.max(0, rate));
  }

  /**
   * The mean of keys per block at which absent keys are taken for present at a rate, found by
   * bisection as the rate only grows with the load.
   *
   * @throws IllegalArgumentException if the rate is not within {@link #MIN_RATE} and {@link
   *     #MAX_RATE}
   */
  static double keysPerBlock(double rate) {
    if (!(rate >= MIN_RATE && rate <= MAX_RATE)) {
      throw new IllegalArgumentException(
          "false-positive rate " + rate + " is not within " + MIN_RATE + " and " + MAX_RATE);
    }
    double low = 0;
    double high = MAX_KEYS_PER_BLOCK;
    double middle = (low + high) / 2;
    while (low < middle && middle < high) {
      if (rate(middle) <= rate) {
        low = middle;
      } else {
        high = middle;
      }
      middle = (low + high) / 2;
    }
    return low;
  }
}
