package dev.quarry.index;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * A copy of a shard's buckets on the heap, reused from shard to shard during a scan.
 *
 * <p>Used by one thread at a time.
 */
final class ShardCopy {

  private UnsafeBuffer[] chunks = new UnsafeBuffer[0];
  private int filled;

  /**
   * Copies the chunks of a table. The caller holds the shard's lock, so that only visited bits
   * change meanwhile.
   */
  void fill(UnsafeBuffer[] source) {
    if (chunks.length < source.length) {
      chunks = allocate(source.length);
    }
    for (int i = 0; i < source.length; i++) {
      source[i].getBytes(0, chunks[i], 0, ChunkPool.CHUNK_BYTES);
    }
    filled = source.length;
  }

  private static UnsafeBuffer[] allocate(int count) {
    UnsafeBuffer[] memory = new UnsafeBuffer[count];
    for (int i = 0; i < count; i++) {
      memory[i] = new UnsafeBuffer(new byte[ChunkPool.CHUNK_BYTES]);
    }
    return memory;
  }

  /** Passes every entry of the copy on, under the number of the shard it was filled from. */
  void forEach(int shard, EntryConsumer consumer) {
    Table table = new Table(chunks);
    for (int bucket = 0; bucket < filled * Table.BUCKETS_PER_CHUNK; bucket++) {
      long header = table.header(bucket);
      for (int slot = 0; slot < BucketLayout.SLOTS; slot++) {
        if (BucketLayout.isOccupied(header, slot)) {
          consumer.accept(
              table.low(bucket, slot),
              (long) table.tag(bucket, slot) << 32 | shard,
              table.location(bucket, slot),
              table.length(bucket, slot),
              BucketLayout.isVisited(header, slot));
        }
      }
    }
  }
}
