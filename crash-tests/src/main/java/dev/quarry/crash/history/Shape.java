package dev.quarry.crash.history;

import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.time.Duration;
import java.util.Random;

/**
 * The store that a history is of.
 *
 * @param options small and restless ones, so that every mechanism is at work all the time
 * @param keys how many there are
 * @param colliding whether all hashes are cut to four bits
 * @param threaded whether the store has a background thread, and callers threads of their own;
 *     without them the same history makes the same I/O calls
 */
public record Shape(BlobStoreOptions options, int keys, boolean colliding, boolean threaded) {

  /** Any of one mode. */
  static Shape random(StoreMode mode, boolean threaded, Random random) {
    int segment = TestStores.SEGMENT_BYTES << (random.nextInt(4) == 0 ? 1 : 0);
    BlobStoreOptions.Builder options =
        TestStores.busy(mode, random).toBuilder()
            .segmentBytes(segment)
            .slabs(2 + random.nextInt(2));
    if (mode == StoreMode.CACHE) {
      options.maxBytes((6L + random.nextInt(random.nextInt(3) == 0 ? 20 : 6)) * segment);
    }
    if (random.nextInt(4) == 0) {
      options.checkpointEntries(1 << 30).checkpointInterval(Duration.ofDays(1));
    }
    if (random.nextInt(4) == 0) {
      options.maxGarbageShare(0.6);
    }
    int keys = random.nextInt(8) == 0 ? 150 : 4 + random.nextInt(20);
    return new Shape(options.build(), keys, random.nextInt(12) == 0, threaded);
  }

  /** The same with other options. */
  Shape with(BlobStoreOptions others) {
    return new Shape(others, keys, colliding, threaded);
  }

  boolean isCache() {
    return options.mode() == StoreMode.CACHE;
  }
}
