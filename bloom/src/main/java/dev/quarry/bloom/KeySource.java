package dev.quarry.bloom;

/** Where a rebuild finds the keys that the new filter must contain. */
@FunctionalInterface
public interface KeySource {

  /**
   * Reports every key that was published before this call began and stays until it ends, at least
   * once each. Keys that come or go during the call may be reported or not, a key may be reported
   * more than once, and one that is gone costs only its share of the filter.
   *
   * <p>A key that moves while the scan runs must not slip through. Places are scanned in the order
   * in which keys move through them: memtable before index. Within the index, keys that may move in
   * either direction are scanned under the lock that movers take.
   *
   * @param consumer takes the hashes; may be called from any thread, but not after this call ended
   */
  void forEach(HashConsumer consumer);
}
