package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreStats;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that has a warm cache, and ends without closing it. */
@Tag("slow")
class IdleCacheTest {

  private static final int KEYS = 100;
  private static final int VALUE = 300;
  private static final long BOUND = 64L << 20;
  private static final long PAUSE_NANOS = 50_000_000;

  @TempDir Path directory;

  /** Puts, and waits until the store has put it on disk by itself. */
  static final class Child {

    private static BlobStore open;

    private Child() {}

    public static void main(String[] arguments) {
      Path directory = Path.of(arguments[0]);
      boolean returns = arguments.length > 1;
      open = BlobStore.open(directory, BlobStoreOptions.cache(BOUND));
      for (int key = 0; key < KEYS; key++) {
        open.put(Writes.key(key), new byte[VALUE]);
      }
      while (open.stats().flushes() == 0) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      System.out.println("on disk");
      while (!returns) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void requireAll() {
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.cache())) {
      for (int key = 0; key < KEYS; key++) {
        assertArrayEquals(new byte[VALUE], store.get(Writes.key(key)), "key " + key);
      }
      StoreStats stats = store.stats();
      assertEquals(KEYS, stats.keys());
      assertEquals(BOUND, stats.maxBytes());
    }
  }

  @Test
  void survivesAKillAfterTheIdleTime() throws Exception {
    try (ChildJvm child = ChildJvm.of(Child.class).start(directory.toString())) {
      assertEquals("on disk", child.readLine());
      child.kill();
      assertEquals(ChildJvm.KILLED, child.awaitEnd());
    }
    requireAll();
  }

  @Test
  void survivesAReturnFromMainWithoutCloseAfterTheIdleTime() throws Exception {
    assertTrue(ChildJvm.of(Child.class).run(directory.toString(), "returns").contains("on disk"));
    requireAll();
  }
}
