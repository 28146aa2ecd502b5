/**
 * The off-heap hash index: from the hash of a key to the place of its newest record.
 *
 * <p>{@link dev.quarry.index.ShardedIndex} routes to one of 256 shards; a shard owns a table of
 * cache-line buckets that readers search without a lock. {@code Table} explains the protocol
 * between readers and writers.
 */
@NullMarked
package dev.quarry.index;

import org.jspecify.annotations.NullMarked;
