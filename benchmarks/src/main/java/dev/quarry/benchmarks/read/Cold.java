package dev.quarry.benchmarks.read;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.Values;
import dev.quarry.segment.DirectOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.apache.commons.rng.sampling.PermutationSampler;
import org.apache.commons.rng.simple.RandomSource;

/**
 * Values of one length, each read once from a store that has none of them in memory; after each
 * value as many bytes of a plain file, by one direct read.
 */
final class Cold {

  /** What direct I/O is aligned to. */
  private static final int BLOCK = 4096;

  private static final int WRITE_BYTES = 1 << 20;

  /** Of the median of the direct reads, the most that the median of the gets may be. */
  private static final double MOST_RATIO = 1.15;

  private final Path directory;
  private final StoreMode mode;
  private final int valueBytes;
  private final int count;
  private final long seed;

  private final Histogram gets = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
  private final Histogram directs = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);

  /**
   * @param count of the values
   */
  Cold(Path directory, StoreMode mode, int valueBytes, int count, long seed) {
    this.directory = directory;
    this.mode = mode;
    this.valueBytes = valueBytes;
    this.count = count;
    this.seed = seed;
  }

  /**
   * Figures of one length.
   *
   * @param ratio of the medians
   */
  record Figures(
      int valueBytes,
      int reads,
      double getMicrosP50,
      double getMicrosP99,
      double directMicrosP50,
      double directMicrosP99,
      double ratio) {}

  /** Measures, and adds the figures to a report. */
  void run(Report report) throws IOException {
    long stored = 2L * count * (valueBytes + BLOCK);
    BlobStoreOptions options =
        mode == StoreMode.CACHE
            ? BlobStoreOptions.cache(Math.max(stored, 1L << 30))
            : BlobStoreOptions.durable();
    Path root = directory.resolve("store-" + valueBytes);
    Path plain = directory.resolve("plain-" + valueBytes);
    fill(root, options);
    writePlain(plain);
    boolean dropped = PageCache.drop();
    try (BlobStore store = BlobStore.open(root, options);
        FileChannel file = FileChannel.open(plain, StandardOpenOption.READ, DirectOption.DIRECT)) {
      read(store, file);
    }
    double ratio = (double) gets.getValueAtPercentile(50) / directs.getValueAtPercentile(50);
    report
        .put("pageCacheDropped" + valueBytes, dropped)
        .put(
            "bytes" + valueBytes,
            new Figures(
                valueBytes,
                count,
                micros(gets, 50),
                micros(gets, 99),
                micros(directs, 50),
                micros(directs, 99),
                ratio))
        .bar(
            ratio <= MOST_RATIO,
            "a get of %d bytes takes %.2f times a direct read, at most %.2f are wanted",
            valueBytes,
            ratio,
            MOST_RATIO);
  }

  private static double micros(Histogram nanos, double percentile) {
    return nanos.getValueAtPercentile(percentile) / 1e3;
  }

  private void fill(Path root, BlobStoreOptions options) {
    Values values = new Values(valueBytes, seed);
    try (BlobStore store = BlobStore.open(root, options)) {
      for (int i = 0; i < count; i++) {
        store.put(Values.key(i), values.value(i, valueBytes));
      }
    }
  }

  /** Bytes of a value's place in the plain file. */
  private int place() {
    return (valueBytes + BLOCK - 1) / BLOCK * BLOCK;
  }

  private void writePlain(Path path) throws IOException {
    ByteBuffer bytes = new Values(WRITE_BYTES, seed).value(0, WRITE_BYTES);
    long length = (long) count * place();
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long at = 0; at < length; ) {
        bytes.clear().limit((int) Math.min(WRITE_BYTES, length - at));
        at += file.write(bytes, at);
      }
      file.force(true);
    }
  }

  private void read(BlobStore store, FileChannel file) throws IOException {
    int[] order = IntStream.range(0, count).toArray();
    PermutationSampler.shuffle(RandomSource.XO_RO_SHI_RO_128_PP.create(seed), order);
    ByteBuffer value = ByteBuffer.allocateDirect(valueBytes);
    ByteBuffer block = ByteBuffer.allocateDirect(place() + BLOCK).alignedSlice(BLOCK);
    for (int number : order) {
      long start = System.nanoTime();
      int length = store.get(Values.key(number), value.clear());
      long got = System.nanoTime();
      int read = file.read(block.clear().limit(place()), (long) number * place());
      long end = System.nanoTime();
      if (length != valueBytes || !Values.belongs(value.flip(), number) || read != place()) {
        throw new IllegalStateException("key " + number + " has " + length + " bytes");
      }
      gets.recordValue(got - start);
      directs.recordValue(end - got);
    }
  }
}
