package dev.quarry.benchmarks.read;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreStats;
import dev.quarry.benchmarks.measure.ProcessFigures;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.Values;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.DiscreteSampler;
import org.apache.commons.rng.sampling.distribution.RejectionInversionZipfSampler;
import org.apache.commons.rng.simple.RandomSource;

/** A cache at work: threads that put and get in turn. */
final class CacheLoad {

  private static final int THREADS = 2;
  private static final int SMALLEST = 4 << 10;
  private static final int LARGEST = 1 << 20;

  /** Doublings from the smallest value to the largest. */
  private static final double DOUBLINGS = 8;

  private static final double MOST_HIT_MILLIS = 3;

  private final Path directory;
  private final long maxBytes;
  private final long target;
  private final int keys;
  private final double exponent;
  private final long seed;

  private final AtomicLong bytesPut = new AtomicLong();

  /**
   * @param maxBytes of the cache
   * @param times how many times as much is put
   * @param keys that there are values for
   * @param exponent of the distribution of keys
   */
  CacheLoad(Path directory, long maxBytes, int times, int keys, double exponent, long seed) {
    this.directory = directory;
    this.maxBytes = maxBytes;
    this.target = maxBytes * times;
    this.keys = keys;
    this.exponent = exponent;
    this.seed = seed;
  }

  /** Nanoseconds of each call. */
  private static final class Times {

    private final Histogram puts = histogram();
    private final Histogram hits = histogram();
    private final Histogram misses = histogram();

    private static Histogram histogram() {
      return new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
    }

    void add(Times other) {
      puts.add(other.puts);
      hits.add(other.hits);
      misses.add(other.misses);
    }
  }

  Report run() throws Exception {
    long cpuBefore = ProcessFigures.cpuNanos();
    long start = System.nanoTime();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.cache(maxBytes))) {
      List<Future<Times>> work = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        long ofThread = seed + i;
        work.add(threads.submit(() -> workOrEndAll(store, ofThread)));
      }
      Times times = new Times();
      for (Future<Times> thread : work) {
        times.add(thread.get());
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      return report(times, store.stats(), seconds, (ProcessFigures.cpuNanos() - cpuBefore) / 1e9);
    } finally {
      threads.shutdownNow();
    }
  }

  private Times workOrEndAll(BlobStore store, long ofThread) {
    try {
      return work(store, ofThread);
    } catch (RuntimeException | Error e) {
      bytesPut.set(target);
      throw e;
    }
  }

  private Times work(BlobStore store, long ofThread) {
    UniformRandomProvider random = RandomSource.XO_RO_SHI_RO_128_PP.create(ofThread);
    DiscreteSampler zipf = RejectionInversionZipfSampler.of(random, keys, exponent);
    Values values = new Values(LARGEST, ofThread);
    ByteBuffer found = ByteBuffer.allocateDirect(LARGEST);
    Times times = new Times();
    while (bytesPut.get() < target) {
      int written = zipf.sample();
      int length = length(written);
      ByteBuffer value = values.value(written, length);
      long start = System.nanoTime();
      store.put(Values.key(written), value);
      times.puts.recordValue(System.nanoTime() - start);
      bytesPut.addAndGet(length);

      int read = zipf.sample();
      start = System.nanoTime();
      int bytes = store.get(Values.key(read), found.clear());
      long nanos = System.nanoTime() - start;
      (bytes < 0 ? times.misses : times.hits).recordValue(nanos);
      if (bytes >= 0 && (bytes != length(read) || !Values.belongs(found.flip(), read))) {
        throw new IllegalStateException("key " + read + " has the value of another");
      }
    }
    return times;
  }

  /** The length of a key's values: as many of them between 4 and 8 KiB as from 512 KiB to 1 MiB. */
  private int length(int number) {
    UniformRandomProvider random = RandomSource.SPLIT_MIX_64.create(seed ^ (long) number << 20);
    return (int) (SMALLEST * Math.pow(2, random.nextDouble() * DOUBLINGS));
  }

  private Report report(Times times, StoreStats stats, double seconds, double cpuSeconds)
      throws IOException {
    long found = times.hits.getTotalCount();
    Report report =
        new Report()
            .put("maxBytes", maxBytes)
            .put("keys", keys)
            .put("bytesPut", stats.bytesPut())
            .put("seconds", seconds)
            .put("megabytesPutPerSecond", stats.bytesPut() / 1e6 / seconds)
            .put("cpuSeconds", cpuSeconds)
            .put("mostResidentBytes", ProcessFigures.mostResidentBytes())
            .put("hitRatio", (double) found / (found + times.misses.getTotalCount()));
    put(report, "put", times.puts);
    put(report, "hit", times.hits);
    put(report, "miss", times.misses);
    double worst = times.hits.getValueAtPercentile(99) / 1e6;
    return report.bar(
        worst <= MOST_HIT_MILLIS,
        "the 99th percentile of hits is %.1f ms, at most %.0f are wanted",
        worst,
        MOST_HIT_MILLIS);
  }

  private static void put(Report report, String what, Histogram nanos) {
    report
        .put(what + "MicrosP50", nanos.getValueAtPercentile(50) / 1e3)
        .put(what + "MicrosP99", nanos.getValueAtPercentile(99) / 1e3)
        .put(what + "MicrosMost", nanos.getMaxValue() / 1e3);
  }
}
