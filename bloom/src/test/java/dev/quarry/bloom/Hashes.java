package dev.quarry.bloom;

/** Well mixed 128-bit hashes of numbered keys: two outputs of SplitMix64 per number. */
final class Hashes {

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private Hashes() {}

  static long low(long key) {
    return splitMix64(2 * key);
  }

  static long high(long key) {
    return splitMix64(2 * key + 1);
  }

  /** Output number i of SplitMix64 (Steele, Lea, Flood 2014) with the seed 0. */
  static long splitMix64(long i) {
    long z = (i + 1) * GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
