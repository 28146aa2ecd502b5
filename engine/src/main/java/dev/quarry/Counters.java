package dev.quarry;

import java.util.concurrent.atomic.LongAdder;

/** What a store counts while it is open. */
final class Counters {

  final LongAdder puts = new LongAdder();
  final LongAdder bytesPut = new LongAdder();
  final LongAdder deletes = new LongAdder();
  final LongAdder hits = new LongAdder();
  final LongAdder misses = new LongAdder();
  final LongAdder flushes = new LongAdder();
  final LongAdder evictions = new LongAdder();
  final LongAdder bytesEvicted = new LongAdder();
  final LongAdder compactedSegments = new LongAdder();
  final LongAdder compactionRead = new LongAdder();
  final LongAdder compactionWritten = new LongAdder();
  final LongAdder checkpoints = new LongAdder();

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
