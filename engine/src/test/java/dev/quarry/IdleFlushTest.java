package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A cache puts on disk what has waited in memory for the idle time. */
@Timeout(180)
class IdleFlushTest {

  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final BlobStoreOptions CACHE = StoreFixture.CACHE;

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final ManualAlarm alarm = new ManualAlarm();

  private BlobStore open(BlobStoreOptions options) {
    return TestBed.inline(disk).alarmedBy(alarm).open(ROOT, options);
  }

  /** What a power cut now leaves. */
  private BlobStore openAfterPowerCut() {
    return StoreFixture.open(disk.afterCrash(Survival.NONE, 7), CACHE);
  }

  @Test
  void whatWasPutOutlivesAPowerCutAfterTheIdleTime() {
    BlobStore store = open(CACHE);
    assertEquals(IDLE_NANOS, alarm.nanos(), "the time that is documented");
    putAll(store, 0, 100, 200);
    store.delete(key(0));
    alarm.goOff();
    assertEquals(1, store.stats().flushes());
    try (BlobStore after = openAfterPowerCut()) {
      assertNull(after.get(key(0)), "deleted");
      assertAll(after, 1, 100, 200);
    }
    store.close();
  }

  /** A trickle of puts must not postpone the flush for ever. */
  @Test
  void laterPutsDoNotPutTheFlushOff() {
    BlobStore store = open(CACHE);
    alarm.goOff(); // the first slab, which is empty
    putAll(store, 0, 1, 200);
    int before = alarm.timesSet();
    putAll(store, 1, 50, 200);
    assertEquals(before, alarm.timesSet());
    store.close();
  }

  @Test
  void everySlabIsFlushedAfterItsTime() {
    BlobStore store = open(CACHE);
    for (int round = 0; round < 30; round++) {
      putAll(store, 10 * round, 10 * round + 10, 200);
      assertTrue(alarm.isSet(), "something waits in memory");
      alarm.goOff();
      try (BlobStore after = openAfterPowerCut()) {
        assertAll(after, 0, 10 * round + 10, 200);
      }
    }
    store.close();
  }

  @Test
  void aFullSlabGivesTheNextOneItsWholeTime() {
    BlobStore store = open(CACHE);
    alarm.goOff();
    putAll(store, 0, 1, 200);
    int before = alarm.timesSet();
    putAll(store, 1, 500, 200); // more than a slab
    assertTrue(alarm.timesSet() > before);
    assertEquals(IDLE_NANOS, alarm.nanos());
    store.close();
  }

  @Test
  void anIdleStoreDoesNothing() {
    try (BlobStore store = open(CACHE)) {
      putAll(store, 0, 10, 200);
      alarm.goOff();
      assertFalse(alarm.isSet(), "everything is on disk");
      long calls = disk.ioCalls();
      long flushes = store.stats().flushes();
      alarm.goOff();
      assertEquals(calls, disk.ioCalls());
      assertEquals(flushes, store.stats().flushes());
      assertAll(store, 0, 10, 200);
    }
    assertFalse(alarm.isSet());
  }

  @Test
  void aStoreThatIsOnlyOpenedWritesNothing() {
    try (BlobStore store = open(CACHE)) {
      long calls = disk.ioCalls();
      alarm.goOff();
      assertEquals(calls, disk.ioCalls());
      assertFalse(alarm.isSet());
      assertEquals(0, store.stats().segments());
      store.put(key(1), value(1, 100));
      assertTrue(alarm.isSet(), "the next record is counted from anew");
    }
  }

  @Test
  void aDurableStoreNeedsNone() {
    try (BlobStore store = open(StoreFixture.DURABLE)) {
      putAll(store, 0, 10, 200);
      assertFalse(alarm.isSet());
    }
  }

  @Test
  void zeroSwitchesItOff() {
    try (BlobStore store = open(CACHE.toBuilder().idleFlush(Duration.ZERO).build())) {
      putAll(store, 0, 1_000, 200);
      assertFalse(alarm.isSet());
    }
  }

  @Test
  void anotherTimeIsKept() {
    open(CACHE.toBuilder().idleFlush(Duration.ofMillis(10)).build()).close();
    assertEquals(TimeUnit.MILLISECONDS.toNanos(10), alarm.nanos());
    open(CACHE.toBuilder().idleFlush(Duration.ofDays(365)).build()).close();
    assertEquals(TimeUnit.DAYS.toNanos(365), alarm.nanos());
  }

  @Test
  void aClosedStoreIsLeftAlone() {
    BlobStore store = open(CACHE);
    putAll(store, 0, 10, 200);
    store.close();
    assertFalse(alarm.isSet());
    long calls = disk.ioCalls();
    alarm.goOff();
    assertEquals(calls, disk.ioCalls());
  }

  @Test
  void aStoreThatHasFailedIsLeftAlone() {
    BlobStore store = open(CACHE);
    putAll(store, 0, 10, 200);
    disk.failAfter(1, () -> new IOException("planted"));
    alarm.goOff();
    assertNotNull(store.stats().failure());
    putAll(store, 10, 500, 200);
    long calls = disk.ioCalls();
    for (int i = 0; i < 3; i++) {
      alarm.goOff();
    }
    assertEquals(calls, disk.ioCalls());
    assertFalse(alarm.isSet());
    assertThrows(StoreFailedException.class, store::close);
  }

  /** No storm: a disk that stays full is tried less and less often, up to once a minute. */
  @Test
  void aFullDiskIsTriedAgainLessAndLessOften() {
    BlobStore store = open(CACHE);
    putAll(store, 0, 10, 200);
    disk.capacity(disk.usedSpace());
    long wait = IDLE_NANOS;
    for (int i = 0; i < 10; i++) {
      alarm.goOff();
      assertTrue(alarm.isSet());
      wait = Math.min(2 * wait, TimeUnit.MINUTES.toNanos(1));
      assertEquals(wait, alarm.nanos());
    }
    assertNull(store.stats().failure());
    assertAll(store, 0, 10, 200);
    disk.capacity(Long.MAX_VALUE);
    alarm.goOff();
    assertFalse(alarm.isSet());
    try (BlobStore after = openAfterPowerCut()) {
      assertAll(after, 0, 10, 200);
    }
    store.close();
  }

  @Test
  void putsAfterAFlushThatFoundTheDiskFullAreTakenWhileThereIsMemory() {
    BlobStore store = open(CACHE);
    putAll(store, 0, 10, 200);
    disk.capacity(disk.usedSpace());
    alarm.goOff();
    putAll(store, 10, 20, 200);
    assertEquals(IDLE_NANOS, alarm.nanos(), "the new slab has its own time");
    alarm.goOff();
    assertThrows(StoreFullException.class, () -> putAll(store, 20, 30, 200), "no memory is left");
    disk.capacity(Long.MAX_VALUE);
    alarm.goOff();
    putAll(store, 20, 30, 200);
    assertAll(store, 0, 30, 200);
    store.close();
  }

  @Test
  void aSlowFlushIsLookedAtAgain() {
    ManualExecutor background = new ManualExecutor();
    BlobStore store =
        TestBed.inline(disk).running(() -> background).alarmedBy(alarm).open(ROOT, CACHE);
    putAll(store, 0, 10, 200);
    alarm.goOff(); // and the flush is slow
    assertTrue(alarm.isSet(), "whether it succeeds is seen later");
    background.runAll();
    alarm.goOff();
    assertFalse(alarm.isSet());
    assertEquals(1, store.stats().flushes());
    background.runFromNowOn();
    store.close();
  }

  @Test
  void aCacheAtItsBoundEvictsNoMoreForIt() throws IOException {
    BlobStoreOptions bound = CACHE.toBuilder().maxBytes(8L * CACHE.segmentBytes()).build();
    long without = evictionsOf(bound, false);
    long with = evictionsOf(bound, true);
    assertTrue(without > 100);
    assertTrue(with <= without * 11 / 10, () -> with + " instead of " + without + " evictions");
  }

  private static long evictionsOf(BlobStoreOptions options, boolean idle) throws IOException {
    SimulatedDisk own = new SimulatedDisk(1);
    ManualAlarm clock = new ManualAlarm();
    try (BlobStore store = TestBed.inline(own).alarmedBy(clock).open(ROOT, options)) {
      for (int i = 0; i < 1_500; i++) {
        store.put(key(i), value(i, 1_000));
        assertArrayEquals(value(i, 1_000), store.get(key(i)));
        if (idle && i % 7 == 0) {
          clock.goOff();
        }
        long taken = 0;
        for (String name : own.list(ROOT.resolve("segments"))) {
          taken += own.size(ROOT.resolve("segments").resolve(name));
        }
        assertTrue(taken <= options.maxBytes(), "the bound is kept");
      }
      StoreInvariants.check(store, own, ROOT);
      return store.stats().evictions();
    }
  }

  /** One put a second, flushed every five: few segments, and each byte is written a few times. */
  @Test
  void aTrickleOfPutsLeavesFewSegmentsAndIsWrittenAFewTimes() {
    BlobStoreOptions options = CACHE.toBuilder().segmentBytes(4 << 20).build();
    try (BlobStore store = open(options)) {
      int most = 0;
      for (int second = 1; second <= 3_600; second++) {
        store.put(key(second), value(second, 1_000));
        if (second % 5 == 0) {
          alarm.goOff();
          most = Math.max(most, store.stats().segments());
        }
      }
      StoreStats stats = store.stats();
      System.err.println(most + " segments, " + stats.bytesWritten() + " of " + stats.bytesPut());
      assertTrue(most <= 30, most + " segments");
      assertTrue(
          stats.bytesWritten() < 10 * stats.bytesPut(),
          () -> stats.bytesWritten() + " bytes written of " + stats.bytesPut());
      assertAll(store, 1, 3_601, 1_000);
    }
  }

  /** A few puts now and then must not have the index of all keys written each minute. */
  @Test
  void aTrickleOfPutsIntoManyKeysWritesNoCheckpointEachTime() {
    BlobStoreOptions options =
        CACHE.toBuilder().segmentBytes(4 << 20).checkpointInterval(Duration.ZERO).build();
    try (BlobStore store = open(options)) {
      putAll(store, 0, 20_000, 20);
      store.sync();
      long before = store.stats().checkpoints();
      for (int i = 0; i < 60; i++) {
        putAll(store, 20_000 + i, 20_001 + i, 20);
        alarm.goOff();
      }
      assertTrue(store.stats().checkpoints() <= before + 2, () -> store.stats().toString());
    }
  }

  // ---- with a clock ----

  private static Set<Thread> threadsOfStores() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("quarry-"))
        .collect(Collectors.toSet());
  }

  private static void awaitFlushes(BlobStore store, long count) throws InterruptedException {
    for (int i = 0; store.stats().flushes() < count && i < 10_000; i++) {
      Thread.sleep(10);
    }
    assertTrue(store.stats().flushes() >= count);
  }

  @Test
  void theFlushComesByItself(@TempDir Path directory) throws Exception {
    Set<Thread> before = threadsOfStores();
    BlobStoreOptions options = CACHE.toBuilder().idleFlush(Duration.ofMillis(20)).slabs(4).build();
    try (BlobStore store = BlobStore.open(directory, options)) {
      for (int i = 0; i < 3; i++) {
        putAll(store, 10 * i, 10 * i + 10, 200);
        awaitFlushes(store, i + 1);
      }
      assertTrue(
          threadsOfStores().stream().filter(thread -> !before.contains(thread)).count() <= 2,
          "the alarm has no thread of its own");
    }
    List<Thread> left =
        threadsOfStores().stream().filter(thread -> !before.contains(thread)).toList();
    for (Thread thread : left) {
      thread.join(TimeUnit.MINUTES.toMillis(1));
      assertFalse(thread.isAlive(), thread::getName);
    }
  }

  @Test
  void closingDoesNotWaitForTheIdleTime(@TempDir Path directory) {
    BlobStoreOptions options = CACHE.toBuilder().idleFlush(Duration.ofDays(365)).build();
    try (BlobStore store = BlobStore.open(directory, options)) {
      putAll(store, 0, 10, 200);
    }
    try (BlobStore store = BlobStore.open(directory, CACHE)) {
      assertAll(store, 0, 10, 200);
    }
  }
}
