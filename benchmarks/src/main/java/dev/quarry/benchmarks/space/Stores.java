package dev.quarry.benchmarks.space;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.StoreStats;
import dev.quarry.benchmarks.measure.ProcessFigures;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.Values;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One run of {@link StoresCommand}. */
final class Stores {

  private static final int PUTS = 100;
  private static final int VALUE_BYTES = 1024;
  private static final long THREADS_END_MILLIS = 8_000;

  private final Path directory;
  private final int count;
  private final BlobStoreOptions options;
  private final List<BlobStore> stores = new ArrayList<>();

  Stores(Path directory, int count, StoreMode mode, int segmentBytes) {
    this.directory = directory;
    this.count = count;
    BlobStoreOptions defaults =
        mode == StoreMode.DURABLE
            ? BlobStoreOptions.durable()
            : BlobStoreOptions.cache(64L * segmentBytes);
    this.options = defaults.toBuilder().segmentBytes(segmentBytes).build();
  }

  Report run() throws Exception {
    ProcessFigures before = ProcessFigures.now();
    long heapBefore = heap();
    int threadsBefore = Thread.activeCount();
    Report report = new Report().put("stores", count).put("mode", options.mode());
    report.put("segmentBytes", options.segmentBytes());
    long left = 0;
    try {
      for (int i = 0; i < count; i++) {
        stores.add(BlobStore.open(directory.resolve("store" + i), options));
      }
      note(report, "Idle", before, heapBefore, threadsBefore);
      for (BlobStore store : stores) {
        for (int i = 0; i < PUTS; i++) {
          store.put(Values.key(i), new byte[VALUE_BYTES]);
        }
      }
      note(report, "AfterPuts", before, heapBefore, threadsBefore);
      Thread.sleep(THREADS_END_MILLIS);
      note(report, "IdleAgain", before, heapBefore, threadsBefore);
      for (BlobStore store : stores) {
        StoreStats stats = store.stats();
        left += stats.indexBytes() + 2 * stats.bloomBytes();
      }
    } finally {
      stores.forEach(BlobStore::close);
    }
    long kept = ProcessFigures.now().directBytes() - before.directBytes();
    return report
        .put("directBytesAfterClose", perStore(kept))
        .bar(
            kept <= left,
            "%d bytes of direct memory are left, index and filter took %d",
            kept,
            left);
  }

  private void note(
      Report report, String when, ProcessFigures before, long heapBefore, int threadsBefore)
      throws IOException {
    ProcessFigures now = ProcessFigures.now();
    report
        .put("directBytes" + when, perStore(now.directBytes() - before.directBytes()))
        .put("heapBytes" + when, perStore(heap() - heapBefore))
        .put("threads" + when, (double) (Thread.activeCount() - threadsBefore) / count)
        .put("descriptors" + when, (double) (now.descriptors() - before.descriptors()) / count)
        .put("mappings" + when, (double) (now.segmentMappings() - before.segmentMappings()) / count)
        .put(
            "diskBytes" + when,
            perStore(stores.stream().mapToLong(store -> store.stats().diskBytes()).sum()));
  }

  private long perStore(long figure) {
    return figure / count;
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
