package dev.quarry.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a batch that finds the disk full, and of those after it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RefusalTest {

  private static final long UNLIMITED = 1L << 40;
  private static final int SEEDS = 20;
  private static final List<String> BATCH = List.of("a", "b", "c", "d", "e", "f");

  private static DiskFullException full() {
    return new DiskFullException("no space left");
  }

  private static DiskInterruptedException interrupted() {
    return new DiskInterruptedException("interrupted", null);
  }

  /** Appends a batch of several blocks, whose records begin and end anywhere; returns its end. */
  private static int putBatch(OneLog log) {
    int end = 0;
    for (String key : BATCH) {
      end = log.put(key, 60 + (key.charAt(0) - 'a') * 1_100);
    }
    return end;
  }

  private static OneLog logWith(int commits, long seed) throws IOException {
    OneLog log = new OneLog(seed);
    for (int i = 0; i < commits; i++) {
      log.commit("key" + i, 500);
    }
    return log;
  }

  /** Leaves room for a part of a batch. */
  private static void fill(OneLog log) {
    log.disk.capacity(log.disk.usedSpace() + Disk.BLOCK + 512);
  }

  /** Whatever a crash leaves, it is what was committed and nothing else. */
  private static void assertOnlyDurable(OneLog log) throws IOException {
    for (Survival survival : Survival.values()) {
      for (int seed = 0; seed < SEEDS; seed++) {
        assertEquals(log.durable, log.keysAfter(survival, seed), survival + " with seed " + seed);
      }
    }
  }

  @Test
  void everyWriterOfTheBatchIsToldAndNobodyElse() throws Exception {
    OneLog log = logWith(1, 1);
    Gate gate = new Gate();
    log.hook = gate;
    gate.shut();
    Waiter first = Waiter.start(log.commit, log.ticket, log.put("first", 10));
    gate.awaitForces(1);
    List<Waiter> batch = new ArrayList<>();
    int from = log.slab.end();
    for (String key : BATCH) {
      batch.add(Waiter.start(log.commit, log.ticket, log.put(key, 5_000)));
    }
    int to = log.slab.end();
    batch.forEach(waiter -> assertFalse(waiter.isDoneWhenAtRest()));
    fill(log);
    gate.letOnePass();
    gate.letOnePass(); // for the sync that takes the refused records back
    assertNull(first.outcome());
    for (Waiter waiter : batch) {
      assertInstanceOf(DiskFullException.class, waiter.outcome());
    }
    for (int at = from; at < to; ) {
      assertEquals(RecordFormat.VOID, RecordFormat.kind(log.slab.head(), at));
      at += (int) RecordFormat.align(RecordFormat.length(log.slab.head(), at));
    }
    log.durable.add("first");
    assertOnlyDurable(log);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 8})
  void laterCommitsSucceedAndNeverBringRefusedRecordsBack(int commits) throws IOException {
    OneLog log = logWith(commits, 1);
    int durable = log.commit.durable(log.ticket);
    for (int round = 0; round < 5; round++) {
      fill(log);
      int refused = putBatch(log);
      assertThrows(DiskFullException.class, () -> log.commit.await(log.ticket, refused));
      log.commit.await(log.ticket, durable);
      assertOnlyDurable(log);
      log.disk.capacity(UNLIMITED);
      log.commit("later" + round, 700 * round);
      assertOnlyDurable(log);
      assertThrows(DiskFullException.class, () -> log.commit.await(log.ticket, refused));
    }
  }

  /** The tail of a block is free, though the disk is full: small batches go on. */
  @Test
  void whatFitsTheLastBlockIsStillTaken() throws IOException {
    OneLog log = logWith(1, 1);
    log.disk.capacity(log.disk.usedSpace());
    log.commit("small", 10);
    int refused = putBatch(log);
    assertThrows(DiskFullException.class, () -> log.commit.await(log.ticket, refused));
    assertOnlyDurable(log);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aCrashWhileABatchIsRefusedLeavesAPrefix(int commits) throws IOException {
    List<String> all = new ArrayList<>(logWith(commits, 0).durable);
    all.addAll(BATCH);
    int crashes = 0;
    for (boolean crashed = true; crashed; crashes++) {
      for (int seed = 0; seed < SEEDS; seed++) {
        OneLog log = logWith(commits, seed);
        fill(log);
        log.disk.crashAt(log.disk.ioCalls() + 1 + crashes);
        log.outcome(putBatch(log));
        crashed = log.disk.hasCrashed();
        for (Survival survival : Survival.values()) {
          List<String> found = log.keysAfter(survival, seed);
          String where = survival + ", call " + crashes + ", seed " + seed + ": " + found;
          assertTrue(found.size() >= commits, where);
          assertEquals(all.subList(0, found.size()), found, where);
        }
      }
    }
    assertTrue(crashes > 4, "only " + crashes + " calls");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void whicheverCallSaysFullTheBatchIsGoneOrTheLogHasFailed(int commits) throws IOException {
    int refused = 0;
    int call = 0;
    for (boolean reached = true; reached; ) {
      OneLog log = logWith(commits, 1);
      log.failCall(++call, RefusalTest::full);
      long last = log.disk.ioCalls() + call;
      Throwable outcome = log.outcome(putBatch(log));
      reached = log.disk.ioCalls() >= last;
      if (reached && outcome instanceof DiskFullException) {
        refused++;
        assertOnlyDurable(log);
        log.commit("later", 3_000);
        assertOnlyDurable(log);
      } else if (reached) {
        assertFailed(log, outcome);
      }
    }
    assertEquals(commits == 0 ? 3 : 2, refused, "of " + (call - 1) + " calls");
  }

  /** After a failed sync of a directory nobody knows whether a later one covers the same. */
  @Test
  void aSyncOfTheDirectoryThatFindsTheDiskFullIsFinal() throws IOException {
    OneLog log = new OneLog(1);
    log.failCall(4, RefusalTest::full);
    Throwable outcome = log.outcome(log.put("key", 10));
    assertTrue(log.disk.history().toString().contains("sync directory /store/wal FAILED"));
    assertFailed(log, outcome);
  }

  private static void assertFailed(OneLog log, Throwable outcome) {
    assertInstanceOf(IOException.class, outcome);
    assertFalse(outcome instanceof DiskFullException, "refused, but not known to be gone");
    Throwable later = log.outcome(log.put("later", 10));
    assertInstanceOf(IOException.class, later);
    assertFalse(later instanceof DiskFullException);
  }

  /** What an interrupted call did is unknown, and of what it was to sync nothing is. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2, 8})
  void aRefusalThatIsInterruptedIsDoneAgain(int commits) throws IOException {
    for (int full = 1; full <= 2; full++) {
      int cut = full;
      for (boolean reached = true; reached; ) {
        OneLog log = logWith(commits, full * 10 + cut);
        log.failFileCall(full, RefusalTest::full);
        log.failFileCall(++cut, RefusalTest::interrupted);
        int end = putBatch(log);
        assertInstanceOf(DiskFullException.class, log.outcome(end));
        reached = log.disk.history().stream().filter(call -> call.endsWith("FAILED")).count() == 2;
        log.hook = (call, path) -> {};
        assertOnlyDurable(log);
        log.commit("later", 20);
        assertOnlyDurable(log);
      }
      assertTrue(cut > full + 1);
    }
  }

  @Test
  void aRefusalThatCannotBeTakenBackIsFinal() throws IOException {
    int cut = 1;
    for (boolean reached = true; reached; ) {
      OneLog log = logWith(2, cut);
      log.failFileCall(1, RefusalTest::full);
      log.failFileCall(++cut, RefusalTest::full);
      Throwable outcome = log.outcome(putBatch(log));
      reached = log.disk.history().stream().filter(call -> call.endsWith("FAILED")).count() == 2;
      if (reached) {
        assertFailed(log, outcome);
      }
    }
    assertTrue(cut > 3);
  }

  @Test
  void aFullDiskInAnEarlierLogRefusesTheLaterOnesToo() throws IOException {
    OneLog log = logWith(1, 1);
    int tail = putBatch(log);
    log.slab.seal();
    Slab next = TestLogs.slab(64 << 10, log.slab);
    GroupCommit.Ticket nextTicket = log.commit.add(next);
    int refused = TestLogs.put(next, "refused", 10);
    fill(log);
    assertThrows(DiskFullException.class, () -> log.commit.await(nextTicket, refused));
    assertThrows(DiskFullException.class, () -> log.commit.await(log.ticket, tail));
    assertFalse(log.disk.exists(TestLogs.LAYOUT.log(2)));
    log.disk.capacity(UNLIMITED);
    log.commit.await(nextTicket, TestLogs.put(next, "later", 10));
    for (Survival survival : Survival.values()) {
      SimulatedDisk after = log.disk.afterCrash(survival, 1);
      assertEquals(log.durable, TestLogs.keys(after, 1));
      assertEquals(log.slab.end(), TestLogs.read(after, 1).end());
      assertEquals(List.of("later"), TestLogs.keys(after, 2));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void finishingALogMayBeTriedAgainWhenThereIsRoom(int commits) throws IOException {
    OneLog log = logWith(commits, 1);
    putBatch(log);
    log.slab.seal();
    fill(log);
    for (int attempt = 0; attempt < 3; attempt++) {
      assertThrows(DiskFullException.class, () -> log.commit.finish(log.ticket));
      assertOnlyDurable(log);
    }
    log.disk.capacity(UNLIMITED);
    try (DiskFile file = log.commit.finish(log.ticket)) {
      assertNotNull(file);
      assertEquals(log.slab.end(), log.commit.durable(log.ticket));
    }
    assertOnlyDurable(log);
    assertEquals(List.of(), log.disk.openHandles());
  }

  @Test
  void aLogOfWhichEverythingWasRefusedHoldsNothing() throws IOException {
    OneLog log = logWith(0, 1);
    fill(log);
    int end = putBatch(log);
    assertThrows(DiskFullException.class, () -> log.commit.await(log.ticket, end));
    for (Survival survival : Survival.values()) {
      SimulatedDisk after = log.disk.afterCrash(survival, 1);
      if (after.exists(TestLogs.LAYOUT.log(1))) {
        assertTrue(TestLogs.read(after, 1).isEmpty());
        assertEquals(FileHeader.LENGTH, TestLogs.read(after, 1).end());
      }
    }
  }
}
