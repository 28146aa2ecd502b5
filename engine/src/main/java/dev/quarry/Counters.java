package dev.quarry;

import dev.quarry.bloom.StripedCounter;

/** What a store counts while it is open. */
final class Counters {

  final StripedCounter puts = new StripedCounter();
  final StripedCounter bytesPut = new StripedCounter();
  final StripedCounter deletes = new StripedCounter();
  final StripedCounter hits = new StripedCounter();
  final StripedCounter misses = new StripedCounter();
  final StripedCounter flushes = new StripedCounter();
  final StripedCounter evictions = new StripedCounter();
  final StripedCounter bytesEvicted = new StripedCounter();
  final StripedCounter compactedSegments = new StripedCounter();
  final StripedCounter compactionRead = new StripedCounter();
  final StripedCounter compactionWritten = new StripedCounter();
  final StripedCounter checkpoints = new StripedCounter();

  /**
   * Counts an acknowledged put.
   *
   * @param bytes of key and value
   */
  void countPut(long bytes) {
    puts.increment();
    bytesPut.add(bytes);
  }
}
