package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * What a store takes from outside, so that tests can put something else in its place.
 *
 * @param disk the files
 * @param hasher makes the key hash of a seed
 * @param background makes the executors, of one thread each at most, for all that is not done by
 *     callers
 * @param evictions told of what a cache evicts
 */
record Environment(
    Disk disk,
    LongFunction<KeyHash> hasher,
    Supplier<ExecutorService> background,
    EvictionObserver evictions) {

  Environment(Disk disk, LongFunction<KeyHash> hasher, Supplier<ExecutorService> background) {
    this(disk, hasher, background, (low, high) -> {});
  }

  /** The real world. */
  static Environment real() {
    return new Environment(
        new FileSystemDisk(),
        Xxh3KeyHash::new,
        () ->
            Executors.newSingleThreadExecutor(
                task -> {
                  Thread thread = new Thread(task, "quarry-background");
                  thread.setDaemon(true);
                  return thread;
                }));
  }
}
