package dev.quarry;

/** Is told of every eviction, so that who looks for a key can tell eviction from loss. */
@FunctionalInterface
interface EvictionObserver {

  /**
   * Takes note that a record is no longer its key's value, as it was evicted. Called with locks
   * held, so it must not use the store.
   *
   * @param low half of the key's hash
   * @param high half of it
   */
  void evicted(long low, long high);
}
