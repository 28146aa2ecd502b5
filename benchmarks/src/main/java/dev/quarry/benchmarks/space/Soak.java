package dev.quarry.benchmarks.space;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreStats;
import dev.quarry.benchmarks.measure.ProcessFigures;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.Values;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** One run of {@link SoakCommand}. */
final class Soak {

  private static final int THREADS = 2;
  private static final int SMALLEST = 1 << 10;
  private static final int LARGEST = 1 << 20;

  /** Of so many reads that find a value, one puts it over. */
  private static final int OVERWRITES = 8;

  private static final long PAUSE_MILLIS = 5;

  /** Values of the average size that there are keys for, as a multiple of what the cache takes. */
  private static final int KEY_SPACE = 4;

  private final Path directory;
  private final BlobStoreOptions options;

  /** Bytes to put after the first {@code maxBytes}, which fill the cache. */
  private final long measured;

  private final long target;
  private final long keys;
  private final long seed;
  private final AtomicLong bytesPut = new AtomicLong();
  private final Growth growth = new Growth();
  private long mostBytes;

  Soak(Path directory, long maxBytes, int times, long seed) {
    this.directory = directory;
    this.options = BlobStoreOptions.cache(maxBytes);
    this.measured = maxBytes * times;
    this.target = maxBytes + measured;
    this.keys = KEY_SPACE * maxBytes / ((SMALLEST + LARGEST) / 2);
    this.seed = seed;
  }

  Report run() throws Exception {
    long written = ProcessFigures.bytesWritten();
    final long start = System.nanoTime();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (BlobStore store = BlobStore.open(directory, options)) {
      List<Future<?>> work = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        SplittableRandom random = new SplittableRandom(seed + i);
        work.add(threads.submit(() -> workOrEndAll(store, random)));
      }
      watch(store, work);
      for (Future<?> thread : work) {
        thread.get();
      }
      StoreStats stats = store.stats();
      double seconds = (System.nanoTime() - start) / 1e9;
      return report(stats, ProcessFigures.bytesWritten() - written, seconds);
    } finally {
      threads.shutdownNow();
    }
  }

  private void workOrEndAll(BlobStore store, SplittableRandom random) {
    try {
      work(store, random);
    } catch (RuntimeException | Error e) {
      bytesPut.set(target);
      throw e;
    }
  }

  private void work(BlobStore store, SplittableRandom random) {
    Values values = new Values(LARGEST, random.nextLong());
    ByteBuffer found = ByteBuffer.allocateDirect(LARGEST);
    while (bytesPut.get() < target) {
      double uniform = random.nextDouble();
      long number = (long) (keys * uniform * uniform);
      int length = store.get(Values.key(number), found.clear());
      if (length >= 0 && !Values.belongs(found.flip(), number)) {
        throw new IllegalStateException("key " + number + " has the value of another");
      }
      if (length < 0 || random.nextInt(OVERWRITES) == 0) {
        int size = random.nextInt(SMALLEST, LARGEST + 1);
        store.put(Values.key(number), values.value(number, size));
        bytesPut.addAndGet(size);
      }
    }
  }

  /** Adds up files as often as it can, and takes the other figures a hundred times. */
  private void watch(BlobStore store, List<Future<?>> work)
      throws IOException, InterruptedException {
    while (!work.stream().allMatch(Future::isDone)) {
      mostBytes = Math.max(mostBytes, ScratchDirectory.bytes(directory));
      if (bytesPut.get() >= options.maxBytes() + growth.samples() * (measured / Growth.SAMPLES)) {
        growth.sample(ProcessFigures.now(), store.stats().segments());
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  private Report report(StoreStats stats, long writtenByProcess, double seconds) {
    final long most = options.maxBytes() + (options.slabs() + 1L) * options.segmentBytes();
    long put = stats.bytesPut();
    Report report = new Report();
    report.put("maxBytes", options.maxBytes());
    report.put("segmentBytes", options.segmentBytes());
    report.put("seconds", seconds);
    report.put("bytesPut", put);
    report.put("mostDiskBytes", mostBytes);
    report.put("mostDiskBytesAllowed", most);
    report.put("liveBytes", stats.liveBytes());
    report.put("capacityBytes", options.capacityBytes());
    report.put("writeAmplification", (double) stats.bytesWritten() / put);
    report.put("writeAmplificationByProcess", (double) writtenByProcess / put);
    report.put("hitRatio", (double) stats.hits() / (stats.hits() + stats.misses()));
    report.put("evictions", stats.evictions());
    report.put("bytesEvicted", stats.bytesEvicted());
    report.put("segmentsCompacted", stats.segmentsCompacted());
    report.put("compactionBytesRead", stats.compactionBytesRead());
    report.put("compactionBytesWritten", stats.compactionBytesWritten());
    report.put("checkpoints", stats.checkpoints());
    report.bar(mostBytes <= most, "the files took %d bytes", mostBytes);
    growth.report(report);
    return report;
  }
}
