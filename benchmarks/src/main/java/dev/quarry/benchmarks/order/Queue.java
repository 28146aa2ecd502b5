package dev.quarry.benchmarks.order;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.StoreMode;
import dev.quarry.benchmarks.measure.Report;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/** A queue in one thread: all keys are put, then the lowest is polled and deleted, repeatedly. */
final class Queue {

  private static final double MOST_MICROS = 50;
  private static final int WRITERS = 16;
  private static final long CACHE_BYTES = 64L << 30;

  private final Path directory;
  private final StoreMode mode;
  private final int keys;
  private final int polls;
  private final int valueBytes;

  Queue(Path directory, StoreMode mode, int keys, int polls, int valueBytes) {
    this.directory = directory;
    this.mode = mode;
    this.keys = keys;
    this.polls = polls;
    this.valueBytes = valueBytes;
  }

  Report run() {
    BlobStoreOptions options =
        mode == StoreMode.CACHE ? BlobStoreOptions.cache(CACHE_BYTES) : BlobStoreOptions.durable();
    try (BlobStore store = BlobStore.open(directory, options)) {
      put(store);
      return poll(store);
    }
  }

  /** With several threads, so that commits of a durable store are shared. */
  private void put(BlobStore store) {
    byte[] value = new byte[valueBytes];
    IntStream.range(0, WRITERS)
        .mapToObj(
            writer ->
                new Thread(
                    () -> {
                      for (int i = writer; i < keys; i += WRITERS) {
                        store.put(key(i), value);
                      }
                    }))
        .peek(Thread::start)
        .toList()
        .forEach(Queue::join);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] key(int number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  private Report poll(BlobStore store) {
    long[] pollNanos = new long[polls];
    long[] deleteNanos = new long[polls];
    long cpuBefore = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    for (int i = 0; i < polls; i++) {
      long start = System.nanoTime();
      byte[] lowest;
      try (KeyCursor cursor = store.keys(KeyRange.all())) {
        lowest = cursor.next() ? cursor.key() : new byte[0];
      }
      long polled = System.nanoTime();
      if (!Arrays.equals(lowest, key(i)) || !store.delete(lowest)) {
        throw new IllegalStateException("poll " + i + " found another key");
      }
      pollNanos[i] = polled - start;
      deleteNanos[i] = System.nanoTime() - polled;
    }
    long cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpuBefore;
    Report report =
        new Report()
            .put("mode", mode.toString().toLowerCase(Locale.ROOT))
            .put("keys", keys)
            .put("polls", polls)
            .put("cpuMicrosMean", cpuNanos / 1e3 / polls);
    double pollMean = put(report, "poll", pollNanos);
    double deleteMean = put(report, "delete", deleteNanos);
    double judged = mode == StoreMode.CACHE ? pollMean + deleteMean : pollMean;
    return report.bar(
        judged <= MOST_MICROS, "%.1f us on average, at most %.0f are wanted", judged, MOST_MICROS);
  }

  private static double put(Report report, String what, long[] nanos) {
    double first = nanos[0] / 1e3;
    long[] others = Arrays.copyOfRange(nanos, 1, nanos.length);
    Arrays.sort(others);
    double mean = Arrays.stream(others).average().orElse(0) / 1e3;
    report
        .put(what + "MicrosMean", mean)
        .put(what + "MicrosP99", others[(int) (others.length * 0.99)] / 1e3)
        .put(what + "MicrosMost", others[others.length - 1] / 1e3)
        .put(what + "MicrosFirst", first);
    return mean;
  }
}
