package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.LAYOUT;
import static dev.quarry.wal.TestLogs.put;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import dev.quarry.wal.GroupCommit.Ticket;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is acknowledged when, and by which sync; and how a log ends. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GroupCommitTest {

  private static final int WRITERS = 16;

  private final Gate gate = new Gate();
  private Hook hook = gate;
  private SimulatedDisk disk;
  private GroupCommit commit;
  private Slab slab;
  private Ticket ticket;

  @BeforeEach
  void openLog() throws IOException {
    disk = TestLogs.disk(1);
    Hook current = (call, path) -> hook.before(call, path);
    commit = new GroupCommit(current.inFrontOf(disk), LAYOUT);
    slab = TestLogs.slab(64 << 10);
    ticket = commit.add(slab);
  }

  @AfterEach
  void nothingStaysOpen() throws IOException {
    gate.open();
    commit.abandon();
    assertEquals(List.of(), disk.openHandles());
  }

  private static List<String> keys(int count) {
    return IntStream.range(0, count).mapToObj(i -> "key" + i).toList();
  }

  /** The keys in a log as a crash at this moment would surely leave it. */
  private List<String> durable(long id) throws IOException {
    return TestLogs.keys(disk.afterCrash(Survival.NONE, 1), id);
  }

  private List<Waiter> putAndWait(int from, int to) {
    List<Integer> ends =
        IntStream.range(from, to).mapToObj(i -> put(slab, "key" + i, 100 + i)).toList();
    return ends.stream().map(end -> Waiter.start(commit, ticket, end)).toList();
  }

  private static void assertAcknowledged(List<Waiter> waiters) throws InterruptedException {
    for (Waiter waiter : waiters) {
      assertNull(waiter.outcome());
    }
  }

  // ---- acknowledgement ----

  @Test
  void oneSyncAcknowledgesEveryRecordOfTheCompletedPrefix() throws Exception {
    gate.shut();
    List<Waiter> first = putAndWait(0, 1);
    gate.awaitForces(1);
    List<Waiter> others = putAndWait(1, WRITERS);
    others.forEach(waiter -> assertFalse(waiter.isDoneWhenAtRest()));
    gate.letOnePass();
    gate.awaitForces(2);
    assertAcknowledged(first);
    others.forEach(waiter -> assertFalse(waiter.isDoneWhenAtRest()));
    assertEquals(keys(1), durable(1));
    gate.letOnePass();
    assertAcknowledged(others);
    assertEquals(keys(WRITERS), durable(1));
    assertEquals(2, gate.forces());
    assertEquals(2, commit.syncs());
  }

  @Test
  void nobodyIsAcknowledgedBeforeTheForceReturns() throws Exception {
    gate.shut();
    List<Waiter> waiters = putAndWait(0, WRITERS);
    gate.awaitForces(1);
    waiters.forEach(waiter -> assertFalse(waiter.isDoneWhenAtRest()));
    assertEquals(List.of(), durable(1));
    gate.letOnePass();
    gate.awaitForces(1);
    gate.letOnePass(); // for those who came too late for the first
    assertAcknowledged(waiters);
    assertEquals(keys(WRITERS), durable(1));
  }

  @Test
  void whatASyncCoveredByTheWayNeedsNoOther() throws IOException {
    int first = put(slab, "key0", 10);
    int second = put(slab, "key1", 10);
    commit.await(ticket, first);
    commit.await(ticket, second);
    commit.await(ticket, first);
    assertEquals(1, gate.forces());
    assertEquals(keys(2), durable(1));
  }

  @Test
  void whoIsDurableAlreadyDoesNotWaitForTheSyncInProgress() throws Exception {
    int durable = put(slab, "key0", 10);
    commit.await(ticket, durable);
    gate.shut();
    List<Waiter> others = putAndWait(1, 2);
    gate.awaitForces(2);
    commit.await(ticket, durable);
    gate.letOnePass();
    assertAcknowledged(others);
  }

  @Test
  void syncsAreCountedOnlyWhenTheyHappen() throws IOException {
    commit.await(ticket, put(slab, "key0", 10));
    slab.seal();
    Slab next = TestLogs.slab(64 << 10, slab);
    Ticket nextTicket = commit.add(next);
    for (int i = 0; i < 3; i++) {
      commit.await(nextTicket, put(next, "next" + i, 10));
    }
    assertEquals(4, gate.forces());
    assertEquals(4, commit.syncs());
  }

  @Test
  void anIncompleteEarlierRecordHoldsBackLaterOnes() throws Exception {
    long early = TestLogs.reserve(slab, "key0", "early");
    Waiter late = Waiter.start(commit, ticket, put(slab, "key1", 10));
    assertFalse(late.isDoneWhenAtRest());
    assertEquals(0, gate.forces());
    TestLogs.write(slab, early, RecordFormat.PUT, "key0", "early");
    assertNull(late.outcome());
    assertEquals(keys(2), durable(1));
  }

  @Test
  void anIncompleteRecordOfAnEarlierLogHoldsBackLaterLogs() throws Exception {
    long early = TestLogs.reserve(slab, "key0", "early");
    slab.seal();
    Slab next = TestLogs.slab(64 << 10, slab);
    Waiter late = Waiter.start(commit, commit.add(next), put(next, "key1", 10));
    assertFalse(late.isDoneWhenAtRest());
    assertEquals(0, gate.forces());
    TestLogs.write(slab, early, RecordFormat.PUT, "key0", "early");
    assertNull(late.outcome());
    assertEquals(keys(1), durable(1));
    assertEquals(List.of("key1"), durable(2));
  }

  @Test
  void anAbandonedRecordHoldsBackNothing() throws IOException {
    long given = TestLogs.reserve(slab, "given up", "value");
    int end = put(slab, "key0", 10);
    slab.abandon(given, RecordFormat.length(8, 5));
    commit.await(ticket, end);
    assertEquals(keys(1), durable(1));
  }

  // ---- interrupts ----

  @Test
  void anInterruptDoesNotCutAWaitShort() throws Exception {
    gate.shut();
    putAndWait(0, 1);
    gate.awaitForces(1);
    int end = put(slab, "key1", 10);
    Waiter interruptedBefore =
        Waiter.start(
            () -> {
              Thread.currentThread().interrupt();
              commit.await(ticket, end);
              assertTrue(gate.forces() > 1);
            });
    Waiter interruptedWhileWaiting =
        Waiter.start(
            () -> {
              commit.await(ticket, end);
              assertTrue(gate.forces() > 1);
            });
    assertFalse(interruptedWhileWaiting.isDoneWhenAtRest());
    interruptedWhileWaiting.interrupt();
    assertFalse(interruptedBefore.isDoneWhenAtRest());
    gate.letOnePass();
    gate.letOnePass();
    assertNull(interruptedBefore.outcome());
    assertNull(interruptedWhileWaiting.outcome());
    assertTrue(interruptedBefore.wasInterrupted());
    assertTrue(interruptedWhileWaiting.wasInterrupted());
    assertEquals(keys(2), durable(1));
  }

  @Test
  void aCallThatAnInterruptCutShortIsDoneAgain() throws IOException {
    int commits = 8;
    for (int cut = 0; cut < commits; cut++) {
      interruptNext(cut % 2 == 0 ? Operation.WRITE : Operation.FORCE, 1 + cut / 4);
      commit.await(ticket, put(slab, "key" + cut, 3_000));
      hook = gate;
      for (Survival survival : Survival.values()) {
        SimulatedDisk after = disk.afterCrash(survival, cut);
        assertEquals(keys(cut + 1), TestLogs.keys(after, 1), survival + " after commit " + cut);
      }
    }
  }

  /** Has the next calls of a kind cut short: what a write did is unknown, and a force was lost. */
  private void interruptNext(Operation operation, int times) {
    int[] left = {times};
    hook =
        (call, path) -> {
          if (call == operation && left[0]-- > 0) {
            disk.failAt(
                disk.ioCalls() + 1, () -> new DiskInterruptedException("interrupted", null));
          }
          gate.before(call, path);
        };
  }

  // ---- the end of a log ----

  @Test
  void aFinishedLogIsWholeAndItsFileGoesToTheCaller() throws IOException {
    commit.await(ticket, put(slab, "key0", 10));
    put(slab, "key1", 10_000);
    slab.seal();
    try (DiskFile file = commit.finish(ticket)) {
      assertNotNull(file);
      assertEquals(LAYOUT.log(1), file.path());
      assertEquals(1, disk.openHandles().size());
      assertEquals(slab.end(), commit.durable(ticket));
      assertEquals(keys(2), durable(1));
    }
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void finishingALogMakesThoseBeforeItDurableFirst() throws IOException {
    put(slab, "key0", 10_000);
    slab.seal();
    Slab next = TestLogs.slab(64 << 10, slab);
    Ticket nextTicket = commit.add(next);
    put(next, "key1", 10);
    next.seal();
    try (DiskFile file = commit.finish(nextTicket)) {
      assertNotNull(file);
      assertEquals(keys(1), durable(1));
      assertEquals(List.of("key1"), durable(2));
    }
  }

  @Test
  void anEmptyLogIsFinishedWithoutAFile() throws IOException {
    slab.seal();
    assertNull(commit.finish(ticket));
    assertEquals(List.of(), disk.list(LAYOUT.logs()));
  }

  @Test
  void abandoningClosesTheFilesOfAllUnfinishedLogs() throws IOException {
    commit.await(ticket, put(slab, "key0", 10));
    slab.seal();
    Slab next = TestLogs.slab(64 << 10, slab);
    commit.await(commit.add(next), put(next, "key1", 10));
    assertEquals(2, disk.openHandles().size());
    commit.abandon();
    assertEquals(List.of(), disk.openHandles());
    commit.abandon();
  }
}
