package dev.quarry.bloom;

/** Takes the 128-bit hash of a key, in two halves so that nothing is allocated. */
@FunctionalInterface
public interface HashConsumer {

  /**
   * Takes one hash.
   *
   * @param low the low half; a filter uses its lower 48 bits
   * @param high the high half; a filter uses its upper 32 bits
   */
  void accept(long low, long high);
}
