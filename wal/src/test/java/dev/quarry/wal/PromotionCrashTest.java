package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.HASHER;
import static dev.quarry.wal.TestLogs.LAYOUT;
import static dev.quarry.wal.TestLogs.STORE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Trailer;
import dev.quarry.wal.TestLogs.Entry;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** A log becomes a segment with exactly its records, through crashes at any call and interrupts. */
class PromotionCrashTest {

  private static final int SEEDS = 3;

  /** What a crash left of a log: some commits, and a tail of any length that may be torn. */
  private static SimulatedDisk crashed(long seed) throws IOException {
    Random random = new Random(seed);
    OneLog log = new OneLog(seed);
    for (int i = random.nextInt(6); i >= 0; i--) {
      log.commit("key" + i, random.nextInt(1 << random.nextInt(14)));
    }
    for (int i = random.nextInt(6); i >= 0; i--) {
      log.put("tail" + i, random.nextInt(1 << random.nextInt(15)));
    }
    log.disk.crashAt(log.disk.ioCalls() + 1 + random.nextInt(2));
    assertThrows(SimulatedCrashException.class, () -> log.commit.await(log.ticket, log.slab.end()));
    return log.disk.afterCrash(Survival.TORN, seed);
  }

  private static SimulatedDisk copy(SimulatedDisk disk) {
    return disk.afterCrash(Survival.ALL, 0); // all of it is durable
  }

  private static void assertRecovered(List<Entry> expected, SimulatedDisk disk) throws IOException {
    assertEquals(expected, TestLogs.everything(disk));
    assertEquals(List.of(), disk.list(LAYOUT.logs()));
    assertEquals(List.of("0000000001.seg"), disk.list(LAYOUT.segments()));
    assertEquals(List.of(), disk.openHandles());
  }

  @Property(tries = 25)
  void recoveryMayCrashAtAnyCallAndIsTakenAgain(@ForAll long seed) throws IOException {
    SimulatedDisk found = crashed(seed);
    List<Entry> expected = TestLogs.everything(found);
    boolean crashed = true;
    for (int call = 1; crashed; call++) {
      SimulatedDisk first = copy(found);
      crashed = crashesAt(call, first);
      for (int i = 0; i < SEEDS; i++) {
        SimulatedDisk second = first.afterCrash(Survival.RANDOM, seed + i);
        assertEquals(expected, TestLogs.everything(second));
        crashesAt(1 + (int) (seed + i & 7), second);
        SimulatedDisk third = second.afterCrash(Survival.RANDOM, seed - i);
        assertEquals(expected, TestLogs.everything(third));
        TestLogs.recover(third);
        assertRecovered(expected, third);
        assertRecovered(expected, third.afterCrash(Survival.NONE, seed));
      }
    }
  }

  /** Recovers through a crash, if there are as many calls. */
  private static boolean crashesAt(int call, SimulatedDisk disk) throws IOException {
    disk.crashAt(disk.ioCalls() + call);
    try {
      TestLogs.recover(disk);
    } catch (SimulatedCrashException e) {
      assertTrue(disk.hasCrashed());
    }
    return disk.hasCrashed();
  }

  @Property(tries = 25)
  void recoveryGoesOnAfterAnInterrupt(@ForAll long seed) throws IOException {
    SimulatedDisk found = crashed(seed);
    List<Entry> expected = TestLogs.everything(found);
    boolean interrupted = true;
    for (int call = 1; interrupted; call++) {
      SimulatedDisk disk = copy(found);
      int[] left = {call};
      TestLogs.recover(interrupting(disk, left));
      interrupted = left[0] <= 0;
      assertRecovered(expected, disk);
      assertRecovered(expected, disk.afterCrash(Survival.RANDOM, seed));
    }
  }

  /**
   * Has the n-th call of a file cut short, which leaves of it and of those before what it wants.
   */
  private static Disk interrupting(SimulatedDisk disk, int[] left) {
    Hook hook =
        (call, path) -> {
          boolean ofFile =
              call == Operation.WRITE || call == Operation.TRUNCATE || call == Operation.FORCE;
          if (ofFile && --left[0] == 0) {
            disk.failAt(
                disk.ioCalls() + 1, () -> new DiskInterruptedException("interrupted", null));
          }
        };
    return hook.inFrontOf(disk);
  }

  @Test
  void recoveringAgainChangesNothing() throws IOException {
    SimulatedDisk disk = crashed(1);
    TestLogs.recover(disk);
    byte[] segment = TestLogs.content(disk, LAYOUT.segment(1));
    TestLogs.recover(disk);
    assertArrayEquals(segment, TestLogs.content(disk, LAYOUT.segment(1)));
  }

  @Test
  void aTornTailThatIsLongerThanTheFooterIsCutOff() throws IOException {
    OneLog log = new OneLog(1);
    log.commit("key", 100);
    int from = log.slab.end();
    log.commit("lost", 60_000);
    byte[] torn = TestLogs.content(log.disk, LAYOUT.log(1));
    Arrays.fill(torn, from, from + LogImage.SECTOR, (byte) 0);
    SimulatedDisk disk = LogImage.disk(torn);
    List<Entry> expected = TestLogs.everything(disk);
    assertEquals(List.of("key"), expected.stream().map(Entry::key).toList());
    TestLogs.recover(disk);
    assertRecovered(expected, disk);
    assertEquals(Disk.BLOCK, disk.size(LAYOUT.segment(1)));
  }

  @Test
  void aLogThatEndsWithItsBlockIsPromoted() throws IOException {
    OneLog log = new OneLog(1);
    log.commit("key", Disk.BLOCK - 64 - RecordFormat.HEADER_LENGTH - 3);
    assertEquals(Disk.BLOCK, log.slab.end());
    SimulatedDisk disk = log.disk.afterCrash(Survival.NONE, 1);
    List<Entry> expected = TestLogs.everything(disk);
    TestLogs.recover(disk);
    assertRecovered(expected, disk);
    assertEquals(2 * Disk.BLOCK, disk.size(LAYOUT.segment(1)));
  }

  // ---- promotion of a slab ----

  /** A log of which all but the last record was committed one by one, sealed. */
  private static OneLog sealedLog(long seed) throws IOException {
    OneLog log = new OneLog(seed);
    for (int i = 0; i < 5; i++) {
      log.commit("key" + i, 2_000);
    }
    log.put("last", 100);
    log.slab.seal();
    return log;
  }

  private static void promote(OneLog log, Disk disk) throws IOException {
    try (DiskFile file = log.commit.finish(log.ticket)) {
      assertNotNull(file);
      Trailer trailer = log.slab.finish(HASHER);
      LogPromotion.complete(log.slab, file, log.commit.durable(log.ticket), trailer);
    }
    LogPromotion.rename(disk, LAYOUT, 1);
  }

  @Test
  void theSegmentIsTheSlabByteForByte() throws IOException {
    OneLog log = sealedLog(1);
    promote(log, log.disk);
    SimulatedDisk after = log.disk.afterCrash(Survival.NONE, 1);
    byte[] segment = TestLogs.content(after, LAYOUT.segment(1));
    byte[] slab = new byte[segment.length];
    log.slab.head().get(0, slab);
    assertArrayEquals(slab, segment);
    SegmentFile file = SegmentFile.open(after, LAYOUT.segment(1), STORE, 1, HASHER);
    assertNull(file.damage());
    assertEquals(segment.length, file.trailer().fileLength());
    assertEquals(log.slab.end(), file.trailer().recordsEnd());
    assertFalse(after.exists(LAYOUT.log(1)));
  }

  @Test
  void promotionMayCrashAtAnyCall() throws IOException {
    OneLog whole = sealedLog(1);
    promote(whole, whole.disk);
    List<Entry> expected = TestLogs.everything(whole.disk);
    int calls = 0;
    for (boolean crashed = true; crashed; calls++) {
      OneLog log = sealedLog(calls);
      log.disk.crashAt(log.disk.ioCalls() + 1 + calls);
      try {
        promote(log, log.disk);
      } catch (SimulatedCrashException e) {
        assertTrue(log.disk.hasCrashed());
      }
      crashed = log.disk.hasCrashed();
      for (int seed = 0; seed < 100; seed++) {
        SimulatedDisk after = log.disk.afterCrash(Survival.RANDOM, seed);
        List<Entry> found = TestLogs.everything(after);
        assertEquals(expected.subList(0, found.size()), found);
        assertTrue(found.size() >= (calls < 2 ? 5 : 6), "call " + calls + ", seed " + seed);
        TestLogs.recover(after);
        assertRecovered(found, after);
      }
    }
    assertEquals(8, calls);
  }

  @Test
  void promotionGoesOnAfterAnInterrupt() throws IOException {
    int call = 1;
    for (boolean interrupted = true; interrupted; call++) {
      OneLog log = sealedLog(call);
      log.failFileCall(call, () -> new DiskInterruptedException("interrupted", null));
      promote(log, log.disk);
      interrupted = log.disk.history().stream().anyMatch(made -> made.endsWith("FAILED"));
      for (Survival survival : Survival.values()) {
        SimulatedDisk after = log.disk.afterCrash(survival, call);
        assertRecovered(TestLogs.everything(log.disk), after);
      }
    }
    assertEquals(6, call);
  }

  /** Each step may be taken again when there is room, as long as the log is open for it. */
  @Test
  void promotionMayBeTriedAgainAfterTheDiskWasFull() throws IOException {
    OneLog log = sealedLog(1);
    try (DiskFile file = log.commit.finish(log.ticket)) {
      assertNotNull(file);
      Trailer trailer = log.slab.finish(HASHER);
      int durable = log.commit.durable(log.ticket);
      log.failCall(2, () -> new DiskFullException("no space left"));
      assertThrows(
          DiskFullException.class, () -> LogPromotion.complete(log.slab, file, durable, trailer));
      LogPromotion.complete(log.slab, file, durable, trailer);
    }
    List<Entry> expected = TestLogs.everything(log.disk);
    log.failCall(1, () -> new DiskFullException("no space left"));
    assertThrows(DiskFullException.class, () -> LogPromotion.rename(log.disk, LAYOUT, 1));
    LogPromotion.rename(log.disk, LAYOUT, 1);
    for (Survival survival : Survival.values()) {
      SimulatedDisk after = log.disk.afterCrash(survival, 1);
      TestLogs.recover(after);
      assertRecovered(expected, after);
    }
  }

  /** What a failed sync of a directory was to make durable, a later one need not. */
  @Test
  void aSyncOfADirectoryThatFindsTheDiskFullIsNotOneToBeTriedAgain() throws IOException {
    OneLog log = sealedLog(1);
    try (DiskFile file = log.commit.finish(log.ticket)) {
      assertNotNull(file);
      LogPromotion.complete(
          log.slab, file, log.commit.durable(log.ticket), log.slab.finish(HASHER));
    }
    for (int sync = 1;
        sync <= 2;
        sync++) { // of the segments, and with the rename done, of the logs
      log.failCall(2, () -> new DiskFullException("no space left"));
      var e = assertThrows(IOException.class, () -> LogPromotion.rename(log.disk, LAYOUT, 1));
      assertFalse(e instanceof DiskFullException, "who makes room tries again");
    }
  }
}
