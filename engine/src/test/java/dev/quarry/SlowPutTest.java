package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A put whose thread stands still after its record was completed and before it is published. */
class SlowPutTest {

  private static final int SLOW = 1;

  @TempDir private Path directory;

  private final CountDownLatch standing = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final Thread slow = new Thread(this::putSlowly, "slow");
  private BlobStore store;
  private int next = 1_000;

  /** The slow thread stands where it hashes its key again, just before it publishes it. */
  private final class StandingHash implements KeyHash {

    private final KeyHash hash;

    /** How many the slow thread has made. */
    private int hashes;

    StandingHash(long seed) {
      this.hash = new Xxh3KeyHash(seed);
    }

    @Override
    public void hash(byte[] key, long[] destination) {
      if (Thread.currentThread() == slow && ++hashes == 2) {
        standing.countDown();
        try {
          goOn.await();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
      hash.hash(key, destination);
    }
  }

  private void putSlowly() {
    store.put(key(SLOW), value(2, 10_000));
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(120)
  void aKeyIsListedAlsoIfItsFormerSegmentWentBeforeItWasPublished(StoreMode mode) throws Exception {
    BlobStoreOptions options =
        TestStores.small(mode).toBuilder().slabs(4).maxGarbageShare(0.05).build();
    if (mode == StoreMode.CACHE) {
      options = options.toBuilder().maxBytes(12L * TestStores.SEGMENT_BYTES).build();
    }
    Environment inline = TestStores.inline(new FileSystemDisk());
    Environment environment =
        new Environment(inline.disk(), StandingHash::new, inline.background());
    store = BlobStore.open(directory, options, environment);
    store.put(key(SLOW), value(1, 30_000));
    fill(6);
    isListed(); // from now on there is a key index
    store.delete(key(SLOW));
    fill(6);
    slow.start();
    standing.await();
    fill(8); // what is written now goes to disk behind the slow put
    assertFalse(isListed(), "it is not published, though its segment may be on disk");
    for (int i = 1_000; i < 1_006; i++) {
      store.delete(key(i)); // so that the former segment of the key is compacted
    }
    fill(20);
    goOn.countDown();
    slow.join();
    assertArrayEquals(value(2, 10_000), store.get(key(SLOW)));
    assertTrue(isListed(), "a cursor misses the key");
    fill(20);
    if (store.contains(key(SLOW))) {
      assertTrue(isListed(), "a cursor misses the key later");
    }
    store.close();
  }

  private void fill(int count) {
    for (int i = 0; i < count; i++) {
      store.put(key(next++), value(i, 20_000));
    }
  }

  private boolean isListed() {
    boolean listed = false;
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        listed |= Arrays.equals(cursor.key(), key(SLOW));
      }
    }
    return listed;
  }
}
