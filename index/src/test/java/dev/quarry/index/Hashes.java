package dev.quarry.index;

/** Stand-ins for the hashes of numbered keys (SplitMix64), alike in every run. */
final class Hashes {

  private Hashes() {}

  static long low(long key) {
    return mix(2 * key);
  }

  static long high(long key) {
    return mix(2 * key + 1);
  }

  /** A high half that goes to this shard. */
  static long high(long key, int shard) {
    return (high(key) & ~0xFFL) | shard;
  }

  static int tag(long key) {
    return (int) (high(key) >>> 32);
  }

  private static long mix(long number) {
    long mixed = (number + 1) * 0x9E37_79B9_7F4A_7C15L;
    mixed = (mixed ^ mixed >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94D0_49BB_1331_11EBL;
    return mixed ^ mixed >>> 31;
  }
}
