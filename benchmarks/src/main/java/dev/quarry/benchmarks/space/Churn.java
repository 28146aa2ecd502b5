package dev.quarry.benchmarks.space;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreStats;
import dev.quarry.StoreStats.LiveShare;
import dev.quarry.benchmarks.measure.ProcessFigures;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.Values;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.SplittableRandom;

/** One run of {@link ChurnCommand}. */
final class Churn {

  static final int MOST_KEYS = 1 << 28;

  private static final int TIMES = 3;
  private static final double MOST_DISK = 1.35;
  private static final double MOST_WRITTEN = 2.2;

  private final Path directory;
  private final BlobStoreOptions options = BlobStoreOptions.durable();
  private final int live;
  private final int valueBytes;
  private final Writers writers;
  private final long seed;

  /** The numbers of all keys in random order; the first half stays. */
  private final int[] keys;

  private final DoubleSummaryStatistics disk = new DoubleSummaryStatistics();

  Churn(Path directory, int live, int valueBytes, int writers, long seed) {
    this.directory = directory;
    this.live = live;
    this.valueBytes = valueBytes;
    this.writers = new Writers(writers, valueBytes);
    this.seed = seed;
    this.keys = shuffled(2 * live, new SplittableRandom(seed));
  }

  /** The numbers from 0 in random order (Fisher and Yates, "inside out"). */
  private static int[] shuffled(int length, SplittableRandom random) {
    int[] numbers = new int[length];
    for (int i = 0; i < length; i++) {
      int j = random.nextInt(i + 1);
      numbers[i] = numbers[j];
      numbers[j] = i;
    }
    return numbers;
  }

  Report run() throws Exception {
    final long processBefore = ProcessFigures.bytesWritten();
    final long start = System.nanoTime();
    Report report = new Report().put("liveKeys", live).put("valueBytes", valueBytes);
    try (BlobStore store = BlobStore.open(directory, options)) {
      load(store);
      StoreStats loaded = Rest.await(store);
      report.put("diskPerLiveByteBefore", diskPerLiveByte());
      overwrite(store);
      StoreStats after = Rest.await(store);
      long byProcess = ProcessFigures.bytesWritten() - processBefore;
      report.put("seconds", (System.nanoTime() - start) / 1e9);
      judge(report, loaded, after, byProcess);
      deleteAll(store, report);
    }
    return report;
  }

  private void load(BlobStore store) throws Exception {
    writers.run(keys.length, (i, values) -> put(store, i, values), () -> {});
    writers.run(live, (i, values) -> store.delete(Values.key(keys[live + (int) i])), () -> {});
  }

  private void put(BlobStore store, long number, Values values) {
    store.put(Values.key(number), values.value(number, valueBytes));
  }

  private void overwrite(BlobStore store) throws Exception {
    SplittableRandom random = new SplittableRandom(~seed);
    int[] picked = random.ints((long) TIMES * live, 0, live).map(i -> keys[i]).toArray();
    writers.run(live, (i, values) -> put(store, picked[(int) i], values), () -> {});
    writers.run(
        picked.length - live,
        (i, values) -> put(store, picked[live + (int) i], values),
        () -> disk.accept(diskPerLiveByte()));
  }

  private double diskPerLiveByte() {
    double liveBytes = (double) live * (Values.KEY_BYTES + valueBytes);
    return ScratchDirectory.bytes(directory) / liveBytes;
  }

  private void judge(Report report, StoreStats loaded, StoreStats after, long byProcess) {
    double atRest = diskPerLiveByte();
    double whole = (double) after.bytesWritten() / after.bytesPut();
    report.put("diskPerLiveByte", atRest);
    report.put("meanDiskPerLiveByte", disk.getAverage());
    report.put("worstDiskPerLiveByte", disk.getMax());
    report.put("writtenPerBytePut", whole);
    report.put(
        "writtenPerBytePutByOverwrites",
        (double) (after.bytesWritten() - loaded.bytesWritten())
            / (after.bytesPut() - loaded.bytesPut()));
    report.put("writtenPerBytePutByProcess", (double) byProcess / after.bytesPut());
    report.put("bytesPut", after.bytesPut());
    report.put("bytesWritten", after.bytesWritten());
    report.put("diskBytes", after.diskBytes());
    report.put("liveBytes", after.liveBytes());
    report.put("reserveBytes", after.reserveBytes());
    report.put("logBytes", after.logBytes());
    report.put("segments", after.segments());
    report.put("segmentsCompacted", after.segmentsCompacted());
    report.put("compactionBytesWritten", after.compactionBytesWritten());
    report.put("idleReason", after.idleReason());
    report.bar(after.keys() == live, "there are %d keys", after.keys());
    report.bar(atRest <= MOST_DISK, "the files take %.3f bytes per live byte", atRest);
    report.bar(whole <= MOST_WRITTEN, "%.3f bytes were written per byte put", whole);
  }

  private void deleteAll(BlobStore store, Report report) throws Exception {
    writers.run(live, (i, values) -> store.delete(Values.key(keys[(int) i])), () -> {});
    StoreStats empty = Rest.await(store);
    long segmentBytes = empty.liveShares().stream().mapToLong(LiveShare::fileBytes).sum();
    report.put("keysAfterDeletes", empty.keys());
    report.put("segmentFilesAfterDeletes", empty.liveShares().size());
    report.put("segmentFileBytesAfterDeletes", segmentBytes);
    report.put("logBytesAfterDeletes", empty.logBytes());
    report.put("reserveBytesAfterDeletes", empty.reserveBytes());
    report.put("idleReasonAfterDeletes", empty.idleReason());
    long bytes = ScratchDirectory.bytes(directory);
    report.put("diskBytesAfterDeletes", bytes);
    report.bar(empty.keys() == 0, "%d keys are left when all is deleted", empty.keys());
    report.bar(
        bytes < 2L * options.segmentBytes(), "the files take %d bytes when all is deleted", bytes);
  }
}
