package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.Compactor.Outcome;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A put in one segment and its tombstone in another that go together, of which nothing is left. */
class CompactedTogetherTest {

  private static final int DELETED = 1;
  private static final int IN_FIRST = 2;
  private static final int IN_SECOND = 3;
  private static final int OUTPUT = 1_000;

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final StoreLayout layout = new StoreLayout(ROOT);

  @Test
  void aFileThatStaysBringsNothingBack() throws Exception {
    BlobStore store = BlobStore.open(ROOT, TestStores.small(StoreMode.DURABLE), withoutPasses());
    store.put(key(DELETED), value(1, 30_000));
    store.put(key(IN_FIRST), value(2, 30_000));
    fill(store, 10, 1);
    store.delete(key(DELETED));
    store.put(key(IN_SECOND), value(3, 5_000));
    fill(store, 20, 4);
    store.delete(key(IN_FIRST));
    store.delete(key(IN_SECOND));
    store.delete(key(10));
    store.delete(key(20));
    fill(store, 30, 4);
    List<Segment> both = List.copyOf(store.segments().inQueueOrder().subList(0, 2));
    both.forEach(segment -> assertEquals(0, segment.liveBytes()));
    SegmentBytes pin = both.get(0).pin();
    assertNotNull(pin);
    Graveyard graveyard = new Graveyard(disk, layout);
    assertEquals(Outcome.RECLAIMED, compactor(store, graveyard).compact(both, 0, false));
    graveyard.clear();
    assertTrue(disk.exists(both.get(0).path()), "pinned");
    SimulatedDisk image = disk.afterCrash(Survival.ALL, 1);
    pin.unpin();
    try (BlobStore reopened =
        BlobStore.open(ROOT, TestStores.small(StoreMode.DURABLE), TestStores.inline(image))) {
      assertNull(reopened.get(key(DELETED)), "the tombstone is gone and the put is not");
    }
  }

  private static void fill(BlobStore store, int from, int count) {
    for (int i = from; i < from + count; i++) {
      store.put(key(i), value(i, 60_000));
    }
  }

  private Compactor compactor(BlobStore store, Graveyard graveyard) throws Exception {
    return new Compactor(
        StoreFixture.identity(disk, ROOT).storeId(),
        disk,
        layout,
        new StagingBuffers(TestStores.SEGMENT_BYTES),
        TestStores.SEGMENT_BYTES,
        false,
        store.segments(),
        store.directory(),
        new KeyOrder(
            layout.keyIndex(),
            true,
            store.segments(),
            store.directory(),
            disk.lock(ROOT.resolve("another lock"))),
        graveyard,
        () -> OUTPUT,
        segment -> {},
        new RateLimiter(Long.MAX_VALUE),
        new Counters());
  }

  /** A store that flushes in the caller's thread, and never looks after its space. */
  private Environment withoutPasses() {
    Environment inline = TestStores.inline(disk);
    ExecutorService[] first = {new Idle()};
    return new Environment(
        disk,
        inline.hasher(),
        () -> {
          ExecutorService next = first[0] == null ? inline.background().get() : first[0];
          first[0] = null;
          return next;
        });
  }

  private static final class Idle extends AbstractExecutorService {

    @Override
    public void execute(Runnable task) {}

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return true;
    }

    @Override
    public boolean isTerminated() {
      return true;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }
}
