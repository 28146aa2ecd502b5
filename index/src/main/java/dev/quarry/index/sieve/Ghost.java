package dev.quarry.index.sieve;

import dev.quarry.segment.DirectMemoryLimit;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what was evicted last: the hashes of objects of as many bytes as the cache holds. An
 * object that comes back while it is remembered starts visited, as it was evicted too early.
 *
 * <p>The hashes are in generations, each a bloom filter for an eighth of the bytes; the oldest is
 * dropped as soon as the others cover the capacity, so an object is remembered while between 1 and
 * about 1.125 times the capacity is evicted after it. Others pass for evicted at a rate of 1 % or
 * less. That takes some 18 bits per object in the cache.
 *
 * <p>One thread adds, the evictor; any number of threads may ask meanwhile, without lock or
 * allocation.
 */
public final class Ghost {

  private static final int GENERATIONS = 8;

  /** Where sizes fall so fast that filters are full early, the ghost rather covers less. */
  static final int MOST_GENERATIONS = 4 * GENERATIONS;

  private static final Generation[] NONE = {};

  // Constant.
  private final long capacity;
  private final LongSupplier liveKeys;

  /** From the oldest to the one that is added to. The array is not changed, but replaced. */
  private volatile Generation[] generations;

  /**
   * Creates a ghost that remembers nothing.
   *
   * @param capacity bytes of evicted objects to remember, from 1
   * @param liveKeys the number of objects in the cache, asked when a generation is begun, in the
   *     thread that adds
   * @throws IllegalArgumentException if the capacity is below 1
   */
  public Ghost(long capacity, LongSupplier liveKeys) {
    this(capacity, liveKeys, NONE);
  }

  Ghost(long capacity, LongSupplier liveKeys, Generation[] generations) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity " + capacity + " is below 1");
    }
    this.capacity = capacity;
    this.liveKeys = liveKeys;
    this.generations = withoutOldest(generations);
  }

  /**
   * Adds an evicted object, by the two halves of its key's hash. It is forgotten where there is no
   * memory for a generation.
   *
   * @param bytes its size, from 0
   */
  public void add(long low, long high, long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("size " + bytes + " is below 0");
    }
    Generation[] all = generations;
    Generation youngest = all.length == 0 ? null : all[all.length - 1];
    if (youngest == null || isComplete(youngest)) {
      youngest = begin(all);
    }
    if (youngest != null) {
      youngest.add(low, high, bytes);
    }
  }

  /** Begins a generation; null if there is no memory for it. */
  private @Nullable Generation begin(Generation[] before) {
    long keys = expectedKeys();
    long bytes = Generation.bytesFor(keys);
    if (DirectMemoryLimit.isShort(bytes)) {
      return null;
    }
    try {
      Generation[] all = Arrays.copyOf(before, before.length + 1);
      Generation youngest = Generation.forKeys(keys);
      all[all.length - 1] = youngest;
      generations = withoutOldest(all);
      return youngest;
    } catch (OutOfMemoryError e) {
      DirectMemoryLimit.refused(bytes);
      return null;
    }
  }

  private boolean isComplete(Generation generation) {
    return generation.bytes() >= capacity / GENERATIONS || generation.isFull();
  }

  /** An eighth of the keys, and an eighth of that more, as sizes vary. */
  private long expectedKeys() {
    long live = Math.max(0, liveKeys.getAsLong());
    return live / GENERATIONS + live / (GENERATIONS * GENERATIONS) + 1;
  }

  /** Drops the oldest generations if those after them cover the capacity. */
  private Generation[] withoutOldest(Generation[] all) {
    int first = all.length;
    long uncovered = capacity;
    while (first > 0 && uncovered > 0 && all.length - first < MOST_GENERATIONS) {
      first--;
      uncovered -= Math.min(uncovered, all[first].bytes());
    }
    return Arrays.copyOfRange(all, first, all.length);
  }

  /**
   * Whether an object may have been evicted lately, by the two halves of its key's hash: true for
   * all that were.
   */
  public boolean contains(long low, long high) {
    for (Generation generation : generations) {
      if (generation.filter.mightContain(low, high)) {
        return true;
      }
    }
    return false;
  }

  /** Off-heap memory, in bytes. */
  public long memoryBytes() {
    long bytes = 0;
    for (Generation generation : generations) {
      bytes += generation.filter.memoryBytes();
    }
    return bytes;
  }

  /** What it remembers, to be written to a file. */
  public GhostImage image() {
    return new GhostImage(List.of(generations));
  }
}
