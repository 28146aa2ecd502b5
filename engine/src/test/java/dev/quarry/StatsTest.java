package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every figure is what it says. */
class StatsTest {

  private static final Pattern WRITE = Pattern.compile("\\d+ write (\\d+) bytes at .*");

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private long counted;
  private long seenCalls;

  private BlobStore open(StoreMode mode) {
    return StoreFixture.open(disk, StoreFixture.options(mode));
  }

  /** Adds up what was written since the last time; to be asked before the disk forgets. */
  private void countWrites() {
    for (String call : disk.history()) {
      long number = Long.parseLong(call.substring(0, call.indexOf(' ')));
      Matcher write = WRITE.matcher(call);
      if (number > seenCalls && write.matches()) {
        counted += Long.parseLong(write.group(1));
      }
    }
    seenCalls = disk.ioCalls();
  }

  private long segmentBytesOnDisk() throws IOException {
    long sum = 0;
    for (String name : disk.list(ROOT.resolve("segments"))) {
      sum += disk.size(ROOT.resolve("segments").resolve(name));
    }
    return sum;
  }

  private static long recordBytes(byte[] key, int length) {
    return RecordFormat.length(key.length, length);
  }

  @ParameterizedTest
  @EnumSource
  void keysAndBytesAreThoseOfAModel(StoreMode mode) throws IOException {
    Random random = new Random(4);
    TreeMap<Integer, Integer> model = new TreeMap<>();
    for (int opening = 0; opening < 3; opening++) {
      try (BlobStore store = open(mode)) {
        counted = 0;
        seenCalls = disk.ioCalls();
        long before = store.stats().bytesWritten();
        long puts = 0;
        long deletes = 0;
        long bytesPut = 0;
        for (int i = 0; i < 120; i++) {
          int number = random.nextInt(15);
          if (random.nextInt(4) == 0) {
            boolean was = store.delete(key(number));
            assertEquals(model.remove(number) != null, was);
            deletes += was ? 1 : 0;
          } else {
            int length = random.nextInt(8) == 0 ? 90_000 : random.nextInt(20_000);
            store.put(key(number), value(i, length));
            model.put(number, length);
            puts++;
            bytesPut += 4 + length;
          }
          countWrites();
          StoreStats stats = store.stats();
          assertEquals(model.size(), stats.keys());
          assertEquals(puts, stats.puts());
          assertEquals(deletes, stats.deletes());
          assertEquals(bytesPut, stats.bytesPut());
          long live = 0;
          for (int length : model.values()) {
            live += recordBytes(key(0), length);
          }
          assertEquals(live, stats.liveBytes());
          StoreInvariants.check(store, disk, ROOT);
          assertEquals(counted, stats.bytesWritten() - before);
          assertEquals(mode, stats.mode());
          assertNull(stats.failure());
        }
        store.sync();
        if (mode == StoreMode.CACHE) {
          StoreStats stats = store.stats();
          assertEquals(segmentBytesOnDisk() - stats.liveBytes(), stats.deadBytes());
        }
        assertTrue(store.stats().flushes() > 3);
      }
    }
  }

  @Test
  void theCreationOfAStoreAndItsReserveCountAsWritten() {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      countWrites();
      assertEquals(4096 + TestStores.SEGMENT_BYTES, store.stats().bytesWritten());
      assertEquals(4096 + TestStores.SEGMENT_BYTES, counted);
    }
  }

  @Test
  void readsAreHitsOrMisses() {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(key(1), value(1, 100));
      store.get(key(1));
      store.get(key(1), ByteBuffer.allocate(100));
      store.contains(key(1));
      store.view(key(1)).close();
      store.get(key(2));
      store.get(key(2), ByteBuffer.allocate(100));
      store.contains(key(2));
      assertNull(store.view(key(2)));
      assertEquals(4, store.stats().hits());
      assertEquals(4, store.stats().misses());
      store.delete(key(2));
      store.delete(key(1));
      assertEquals(4, store.stats().hits(), "a delete is no read");
      assertEquals(4, store.stats().misses());
      store.get(key(1));
      assertEquals(5, store.stats().misses());
    }
  }

  @Test
  void whatIsRefusedIsNotCounted() {
    BlobStoreOptions options = DURABLE.toBuilder().maxValueBytes(1_000).build();
    try (BlobStore store = StoreFixture.open(disk, options)) {
      assertThrows(ValueTooLargeException.class, () -> store.put(key(1), new byte[1_001]));
      assertThrows(IllegalArgumentException.class, () -> store.put(new byte[0], new byte[1]));
      assertEquals(0, store.stats().puts());
      assertEquals(0, store.stats().bytesPut());
      assertEquals(0, store.stats().syncs());
    }
  }

  @Test
  void everyDurablePutOfOneWriterIsOneSync() {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      putAll(store, 0, 7, 100);
      assertEquals(7, store.stats().syncs());
    }
    try (BlobStore store = open(StoreMode.DURABLE)) {
      assertEquals(0, store.stats().syncs());
      assertEquals(0, store.stats().puts());
      assertEquals(7, store.stats().keys());
      assertTrue(store.stats().recoveryNanos() > 0);
    }
  }

  @Test
  void segmentsAreFilesAndTheSlabsThatWillBecomeOne() throws IOException {
    try (BlobStore store = open(StoreMode.CACHE)) {
      assertEquals(1, store.stats().segments());
      putAll(store, 0, 20, 10_000);
      store.put(key(99), value(1, 100_000));
      int files = disk.list(ROOT.resolve("segments")).size();
      assertTrue(files >= 3);
      assertEquals(files + 1, store.stats().segments());
    }
    try (BlobStore store = open(StoreMode.CACHE)) {
      int files = disk.list(ROOT.resolve("segments")).size();
      assertEquals(files + 1, store.stats().segments());
      StoreInvariants.check(store, disk, ROOT);
    }
  }

  @Test
  void memoryIsSlabsIndexAndFilter(@TempDir Path directory) {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      StoreStats empty = store.stats();
      assertEquals(DURABLE.segmentBytes(), empty.slabBytes());
      assertEquals(0, empty.indexBytes());
      assertTrue(empty.bloomBytes() > 0);
      assertEquals(0, empty.keyIndexBytes());
      assertEquals(0, empty.bloomRate());
      putAll(store, 0, 40, 9_000);
      StoreFixture.keys(store, KeyRange.all());
      StoreStats full = store.stats();
      assertEquals((long) DURABLE.slabs() * DURABLE.segmentBytes(), full.slabBytes());
      assertTrue(full.indexBytes() > 0);
      assertTrue(full.keyIndexBytes() > 0);
      assertTrue(full.bloomRate() > 0 && full.bloomRate() < 0.5, () -> "" + full.bloomRate());
    }
  }
}
