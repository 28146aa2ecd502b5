package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DirectMemory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many small stores in one JVM. */
@Tag("slow")
class ManyStoresTest {

  private static final int STORES = 200;
  private static final int THREADS_PER_STORE = 2;

  /** 256 KiB, and the buffer of large values, which is a segment of 72 KiB here. */
  private static final long MOST_BYTES = (256 << 10) + DirectMemory.taken(72 << 10);

  @TempDir Path directory;

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("quarry"))
        .count();
  }

  @ParameterizedTest
  @EnumSource
  void twoHundredStoresAreOpenAtOnceAtACostThatIsKnown(StoreMode mode) throws Exception {
    BlobStoreOptions options = TestStores.small(mode);
    byte[] key = "key".getBytes(StandardCharsets.US_ASCII);
    List<BlobStore> stores = new ArrayList<>();
    try {
      for (int i = 0; i < STORES; i++) {
        BlobStore store = BlobStore.open(directory.resolve("store" + i), options);
        stores.add(store);
        store.put(key, new byte[] {(byte) i});
      }
      for (int i = 0; i < STORES; i++) {
        assertArrayEquals(new byte[] {(byte) i}, stores.get(i).get(key));
        StoreStats stats = stores.get(i).stats();
        long memory =
            stats.slabBytes() + stats.stagingBytes() + stats.indexBytes() + stats.bloomBytes();
        assertTrue(memory <= MOST_BYTES, () -> "a store takes " + memory + " bytes");
      }
      assertTrue(threads() <= THREADS_PER_STORE * STORES, () -> threads() + " threads");
      for (int i = 0; threads() > 0 && i < 600; i++) {
        Thread.sleep(100);
      }
      assertTrue(threads() == 0, "threads of idle stores end");
      stores.get(0).put(key, new byte[10]);
    } finally {
      stores.forEach(BlobStore::close);
    }
  }
}
