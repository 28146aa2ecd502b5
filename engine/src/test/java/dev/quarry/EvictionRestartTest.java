package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was evicted and logged does not come back, although the record may still be in its file. */
class EvictionRestartTest {

  private static final BlobStoreOptions OPTIONS =
      TestStores.small(StoreMode.CACHE).toBuilder()
          .maxBytes(14L * TestStores.SEGMENT_BYTES)
          .graceZone(false)
          .ghost(false)
          .checkpointInterval(Duration.ofDays(1))
          .checkpointEntries(1L << 40)
          .build();

  private final SimulatedDisk disk = new SimulatedDisk(1);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aRestartResurrectsNothingThatWasEvictedBeforeTheLastSlab(long seed) {
    Random random = new Random(seed);
    int put = 0;
    try (BlobStore store = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk))) {
      for (int round = 0; round < 4; round++) {
        put = work(store, random, put, 500);
        List<Integer> evicted = evicted(store, put);
        assertTrue(evicted.size() > 100, "so that there is something to come back");
        put = work(store, random, put, 50);
        store.sync();
        SimulatedDisk image = disk.afterCrash(Survival.ALL, seed);
        try (BlobStore restarted = BlobStore.open(ROOT, OPTIONS, TestStores.inline(image))) {
          evicted.removeIf(i -> !isPresent(restarted, i));
          assertEquals(List.of(), evicted, "came back");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatWasEvictedBeforeACleanCloseIsInTheLogToo(long seed) throws Exception {
    ManualExecutor passes = new ManualExecutor();
    Environment inline = TestStores.inline(disk);
    Iterator<ExecutorService> executors = List.of(passes, inline.background().get()).iterator();
    Random random = new Random(seed);
    List<Integer> evicted;
    try (BlobStore store =
        BlobStore.open(ROOT, OPTIONS, new Environment(disk, inline.hasher(), executors::next))) {
      int put = 0;
      while (put < 700 + seed) {
        put = work(store, random, put, 1);
        passes.runAll();
      }
      put = work(store, random, put, 10);
      store.sync(); // no slab is open now that could take what the next pass logs
      long before = store.stats().evictions();
      passes.runAll();
      assertTrue(store.stats().evictions() > before, "so that there is something left to log");
      evicted = evicted(store, put);
    }
    disk.delete(new StoreLayout(ROOT).checkpoint());
    try (BlobStore reopened = BlobStore.open(ROOT, OPTIONS, TestStores.inline(disk))) {
      evicted.removeIf(i -> !isPresent(reopened, i));
      assertEquals(List.of(), evicted, "came back");
    }
  }

  /** Many records a segment, every third of which is read now and then, so that they go singly. */
  private static int work(BlobStore store, Random random, int from, int puts) {
    for (int i = from; i < from + puts; i++) {
      store.put(key(i), value(i, 1_500 + random.nextInt(2_000)));
      for (int read = 0; read < 6; read++) {
        store.get(key(random.nextInt(i + 1) / 3 * 3));
      }
    }
    return from + puts;
  }

  private static List<Integer> evicted(BlobStore store, int put) {
    List<Integer> evicted = new ArrayList<>();
    for (int i = 0; i < put; i++) {
      if (!isPresent(store, i)) {
        evicted.add(i);
      }
    }
    return evicted;
  }

  /** Asks the index, as a read would mark the record visited. */
  private static boolean isPresent(BlobStore store, int i) {
    Scratch scratch = Scratch.get();
    store.directory().hash(key(i), scratch);
    long location = store.directory().find(scratch);
    return location != Location.NONE && !Location.isTombstone(location);
  }
}
