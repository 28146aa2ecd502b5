package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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
 * @param alarms makes the alarm of a store, for one of those executors
 */
record Environment(
    Disk disk,
    LongFunction<KeyHash> hasher,
    Supplier<ExecutorService> background,
    EvictionObserver evictions,
    Function<ExecutorService, Alarm> alarms) {

  private static final int IDLE_SECONDS = 5;

  /** One whose alarms never go off, and that tells nobody of evictions. */
  Environment(Disk disk, LongFunction<KeyHash> hasher, Supplier<ExecutorService> background) {
    this(disk, hasher, background, (low, high) -> {});
  }

  /** One whose alarms never go off. */
  Environment(
      Disk disk,
      LongFunction<KeyHash> hasher,
      Supplier<ExecutorService> background,
      EvictionObserver evictions) {
    this(disk, hasher, background, evictions, executor -> Alarm.silent());
  }

  /** The real world. */
  static Environment real() {
    return new Environment(
        new FileSystemDisk(),
        Xxh3KeyHash::new,
        Environment::oneThread,
        (low, high) -> {},
        executor -> Alarm.on((ScheduledExecutorService) executor));
  }

  /**
   * One thread, which waits for what is scheduled as well, so that an alarm needs none. The thread
   * ends when there is nothing to do nor to wait for, and begins again when there is.
   */
  private static ExecutorService oneThread() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "quarry-background");
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
    executor.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
