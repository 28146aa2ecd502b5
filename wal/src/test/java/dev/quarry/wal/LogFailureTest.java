package dev.quarry.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A failure other than a full disk is final, though the next call would succeed. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogFailureTest {

  private static final int WRITERS = 8;

  private static IOException broken() {
    return new IOException("the medium is broken");
  }

  /** Nothing is acknowledged any more, and nothing is tried. */
  private static void assertFailed(OneLog log) {
    long calls = log.disk.ioCalls();
    for (int i = 0; i < 3; i++) {
      Throwable outcome = log.outcome(log.put("later" + i, 10));
      assertInstanceOf(IOException.class, outcome);
      assertFalse(outcome instanceof DiskFullException);
      assertNotNull(outcome.getCause());
      assertTrue(outcome.getMessage().contains("the log has failed"), outcome.getMessage());
    }
    log.slab.seal();
    assertThrows(IOException.class, () -> log.commit.finish(log.ticket));
    assertEquals(calls, log.disk.ioCalls());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void afterAFailureOfAnyCallNothingIsAcknowledged(int commits) throws IOException {
    int call = 0;
    for (boolean reached = true; reached; ) {
      OneLog log = new OneLog(call);
      for (int i = 0; i < commits; i++) {
        log.commit("key" + i, 3_000);
      }
      int durable = log.commit.durable(log.ticket);
      log.failCall(++call, LogFailureTest::broken);
      Throwable outcome = log.outcome(log.put("unlucky", 5_000));
      reached = outcome != null;
      if (reached) {
        assertEquals("the medium is broken", outcome.getMessage());
        assertFailed(log);
        assertEquals(durable, log.commit.durable(log.ticket));
        assertEquals(log.durable, log.keysAfter(Survival.NONE, call));
        assertNull(log.outcome(durable), "it was durable before");
        log.commit.abandon();
        assertEquals(List.of(), log.disk.openHandles());
      }
    }
    assertEquals(commits == 0 ? 5 : 3, call);
  }

  @Test
  void everyWaiterOfAFailedSyncFails() throws Exception {
    OneLog log = new OneLog(1);
    log.commit("key", 10);
    Gate gate = new Gate();
    log.hook = gate;
    gate.shut();
    List<Waiter> waiters = new ArrayList<>();
    waiters.add(Waiter.start(log.commit, log.ticket, log.put("leader", 10)));
    gate.awaitForces(1);
    for (int i = 0; i < WRITERS; i++) {
      waiters.add(Waiter.start(log.commit, log.ticket, log.put("waiter" + i, 10)));
    }
    waiters.forEach(waiter -> assertFalse(waiter.isDoneWhenAtRest()));
    log.failCall(1, LogFailureTest::broken);
    gate.letOnePass();
    for (Waiter waiter : waiters) {
      assertInstanceOf(IOException.class, waiter.outcome());
    }
    assertEquals(1, gate.forces());
    assertFailed(log);
    assertEquals(log.durable, log.keysAfter(Survival.NONE, 1));
  }

  /** An earlier log of the round may have become durable before a later one failed. */
  @Test
  void whatARoundMadeDurableBeforeItFailedIsAcknowledged() throws IOException {
    OneLog log = new OneLog(1);
    int first = log.put("key", 10);
    log.slab.seal();
    Slab next = TestLogs.slab(64 << 10, log.slab);
    GroupCommit.Ticket nextTicket = log.commit.add(next);
    int end = TestLogs.put(next, "unlucky", 10);
    log.hook =
        (call, path) -> {
          if (call == Operation.FORCE && path.equals(TestLogs.LAYOUT.log(2))) {
            log.failCall(1, LogFailureTest::broken);
          }
        };
    assertThrows(IOException.class, () -> log.commit.await(nextTicket, end));
    assertNull(log.outcome(first));
    assertEquals(List.of("key"), log.keysAfter(Survival.NONE, 1));
    assertThrows(IOException.class, () -> log.commit.await(nextTicket, end));
  }

  @Test
  void whatIsNoIOExceptionIsFinalToo() throws IOException {
    IllegalStateException bug = new IllegalStateException("a bug");
    OneLog log = new OneLog(1);
    log.hook =
        (call, path) -> {
          throw bug;
        };
    assertSame(bug, log.outcome(log.put("unlucky", 10)));
    log.hook = (call, path) -> {};
    assertFailed(log);
  }

  @Test
  void afterACrashEveryWaiterFails() throws Exception {
    OneLog log = new OneLog(1);
    Gate gate = new Gate();
    log.hook = gate;
    gate.shut();
    Waiter leader = Waiter.start(log.commit, log.ticket, log.put("leader", 10));
    gate.awaitForces(1);
    Waiter waiter = Waiter.start(log.commit, log.ticket, log.put("waiter", 10));
    assertFalse(waiter.isDoneWhenAtRest());
    log.disk.crashAt(log.disk.ioCalls() + 1);
    gate.letOnePass();
    assertInstanceOf(SimulatedCrashException.class, leader.outcome());
    assertInstanceOf(IOException.class, waiter.outcome());
    log.commit.abandon();
    assertEquals(List.of(), log.disk.openHandles());
  }

  /**
   * The store gives up its logs when something else has failed; writers may still be on their way.
   */
  @Test
  void whoComesAfterTheLogsWereAbandonedIsNotAcknowledged() throws IOException {
    OneLog log = new OneLog(1);
    log.commit("key", 10);
    int end = log.put("late", 10);
    log.commit.abandon();
    assertInstanceOf(IOException.class, log.outcome(end));
    assertEquals(log.durable, log.keysAfter(Survival.NONE, 1));
    assertFailed(log);
    assertNull(log.outcome(log.commit.durable(log.ticket)));
  }

  @Test
  void abandoningWaitsForTheSyncInProgress() throws Exception {
    OneLog log = new OneLog(1);
    Gate gate = new Gate();
    log.hook = gate;
    gate.shut();
    Waiter writer = Waiter.start(log.commit, log.ticket, log.put("key", 10));
    gate.awaitForces(1);
    Waiter abandons = Waiter.start(log.commit::abandon);
    assertFalse(abandons.isDoneWhenAtRest());
    gate.letOnePass();
    assertNull(writer.outcome());
    assertNull(abandons.outcome());
    assertEquals(List.of("key"), log.keysAfter(Survival.NONE, 1));
    assertEquals(List.of(), log.disk.openHandles());
  }

  @Test
  void finishingWaitsForTheSyncInProgress() throws Exception {
    OneLog log = new OneLog(1);
    Gate gate = new Gate();
    log.hook = gate;
    gate.shut();
    Waiter writer = Waiter.start(log.commit, log.ticket, log.put("key", 10));
    gate.awaitForces(1);
    log.slab.seal();
    List<DiskFile> files = new ArrayList<>();
    Waiter finishes = Waiter.start(() -> files.add(log.commit.finish(log.ticket)));
    assertFalse(finishes.isDoneWhenAtRest());
    gate.letOnePass();
    assertNull(writer.outcome());
    assertNull(finishes.outcome());
    assertEquals(1, gate.forces(), "all was durable already");
    files.get(0).close();
    assertEquals(List.of(), log.disk.openHandles());
  }
}
