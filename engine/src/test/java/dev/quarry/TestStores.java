package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.Xxh3KeyHash;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Stores on other disks, and with other threads, than a user gets. */
public final class TestStores {

  /** The smallest slabs there can be, so that rotation, flush and promotion happen all the time. */
  public static final int SEGMENT_BYTES = 72 << 10;

  private TestStores() {}

  public static BlobStoreOptions small(StoreMode mode) {
    BlobStoreOptions options =
        mode == StoreMode.DURABLE ? BlobStoreOptions.durable() : BlobStoreOptions.cache(1L << 40);
    return options.toBuilder().segmentBytes(SEGMENT_BYTES).slabs(2).expectedKeys(10).build();
  }

  /**
   * Such that everything that keeps a store in its space is done all the time: a little garbage is
   * too much, a cache holds a few segments, and hardly a pass leaves the checkpoint as it is.
   */
  public static BlobStoreOptions busy(StoreMode mode, Random random) {
    BlobStoreOptions.Builder builder =
        small(mode).toBuilder()
            .maxGarbageShare(0.05 + random.nextDouble() / 4)
            .checkpointEntries(1 + random.nextInt(50))
            .graceZone(random.nextBoolean())
            .ghost(random.nextBoolean());
    if (random.nextBoolean()) {
      builder.checkpointInterval(Duration.ZERO);
    }
    if (mode == StoreMode.CACHE) {
      builder.maxBytes((6L + random.nextInt(5)) * SEGMENT_BYTES);
    }
    return builder.build();
  }

  /** Everything is done in the caller's thread, so that a history has one order of I/O calls. */
  static Environment inline(Disk disk) {
    return new Environment(disk, Xxh3KeyHash::new, InlineExecutor::new);
  }

  /** The same with a background thread. */
  static Environment threaded(Disk disk) {
    return new Environment(
        disk,
        Xxh3KeyHash::new,
        () ->
            Executors.newSingleThreadExecutor(
                task -> {
                  Thread thread = new Thread(task, "background");
                  thread.setDaemon(true);
                  thread.setUncaughtExceptionHandler((dead, crash) -> {});
                  return thread;
                }));
  }

  private static final class InlineExecutor extends AbstractExecutorService
      implements ExecutorService {

    private boolean shutdown;

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutdown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutdown;
    }

    @Override
    public boolean isTerminated() {
      return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return shutdown;
    }
  }
}
