package dev.quarry.tool.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.StoreStats.LiveShare;
import dev.quarry.tool.inspect.FileReport.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LiveBytesTest {

  private static final int KEYS = 300;
  private static final long SEED = 7;

  @TempDir private Path directory;

  /** The engine counts what its index leads to; here there are only the files. */
  @ParameterizedTest
  @EnumSource
  void theFilesTellTheSameAsTheStore(StoreMode mode) throws IOException {
    BlobStoreOptions some =
        mode == StoreMode.DURABLE ? BlobStoreOptions.durable() : BlobStoreOptions.cache(2 << 20);
    BlobStoreOptions options = some.toBuilder().segmentBytes(1 << 17).build();
    try (BlobStore store = BlobStore.open(directory, options)) {
      change(store);
      assertTrue(store.stats().segmentsCompacted() > 0, "some segments were compacted");
    }
    Map<Long, Long> told = Map.of();
    Map<Long, Long> found = fromFiles();
    assertTrue(found.size() > 3, found::toString);
    for (int i = 0; !told.equals(found) && i < 20; i++) { // it may be compacted meanwhile
      try (BlobStore store = BlobStore.open(directory, options)) {
        told = fromStore(store);
      }
      found = fromFiles();
    }

    assertEquals(told, found);
  }

  private static void change(BlobStore store) {
    Random random = new Random(SEED);
    for (int i = 0; i < 2_000; i++) {
      byte[] key = ByteBuffer.allocate(4).putInt(random.nextInt(KEYS)).array();
      if (random.nextInt(10) == 0) {
        store.delete(key);
      } else {
        store.put(key, new byte[random.nextInt(6_000)]);
      }
    }
  }

  private static Map<Long, Long> fromStore(BlobStore store) {
    Map<Long, Long> shares = new TreeMap<>();
    for (LiveShare share : store.stats().liveShares()) {
      shares.put(share.segmentId(), share.liveBytes());
    }
    return shares;
  }

  private Map<Long, Long> fromFiles() throws IOException {
    StoreFiles files = new StoreFiles(directory);
    List<FileReport> reports = files.reports();
    LiveBytes live = LiveBytes.of(files, reports);
    Map<Long, Long> shares = new TreeMap<>();
    for (FileReport report : reports) {
      if (report.kind() == Kind.SEGMENT && report.state() == FileReport.State.OK) {
        shares.put(report.id(), live.of(report));
      }
    }
    return shares;
  }

  @Test
  void nothingIsKnownWithoutTheSeedInTheStoreFile() throws IOException {
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      store.put(new byte[1], new byte[1]);
    }
    Files.delete(directory.resolve("STORE"));
    StoreFiles files = new StoreFiles(directory);

    assertNull(LiveBytes.of(files, files.reports()).of(files.reports().get(0)));
  }

  @Test
  void moreRecordsThanThereIsMemoryForAreNotCompared() {
    Survey survey = new Survey(500_000, 250_000, 250_000, List.of(), 1, 2);
    FileReport report =
        new FileReport(directory, 1, Kind.SEGMENT, 4096, 0, 64, survey, FileReport.State.OK, null);

    assertTrue(LiveBytes.fits(List.of(report), 256_000_000));
    assertFalse(LiveBytes.fits(List.of(report, report), 256_000_000));
  }
}
