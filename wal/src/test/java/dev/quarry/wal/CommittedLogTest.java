package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.LAYOUT;
import static dev.quarry.wal.TestLogs.put;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import dev.quarry.wal.GroupCommit.Ticket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What commits write, and in which order. */
class CommittedLogTest {

  private static final int SEEDS = 30;

  private OneLog log;

  @BeforeEach
  void openLog() throws IOException {
    log = new OneLog(1);
  }

  @AfterEach
  void nothingStaysOpen() throws IOException {
    log.commit.abandon();
    assertEquals(List.of(), log.disk.openHandles());
  }

  /** Up to where a log is durable at this moment. */
  private long durableEnd(long id) throws IOException {
    SimulatedDisk after = log.disk.afterCrash(Survival.NONE, 1);
    return after.exists(LAYOUT.log(id)) ? TestLogs.read(after, id).end() : FileHeader.LENGTH;
  }

  // ---- order ----

  @Test
  void aLogIsWrittenToOnlyWhenAllBeforeItAreDurableToTheirEnds() throws IOException {
    List<Slab> slabs = new ArrayList<>(List.of(log.slab));
    List<Ticket> tickets = new ArrayList<>(List.of(log.ticket));
    log.hook =
        (call, path) -> {
          if (call == Operation.CREATE || call == Operation.WRITE) {
            assertDurableBefore(path, slabs);
          }
        };
    for (int i = 0; i < 8; i++) {
      fill(slabs.get(i), tickets.get(i), i);
      slabs.add(TestLogs.slab(64 << 10, slabs.get(i)));
      tickets.add(log.commit.add(slabs.get(i + 1)));
    }
    log.commit.await(tickets.get(8), put(slabs.get(8), "last", 1));
    assertEquals(9, LAYOUT.logIds(log.disk.afterCrash(Survival.NONE, 1)).size());
  }

  /** Every third slab is committed before it is full, the others are left to later commits. */
  private void fill(Slab slab, Ticket ticket, int number) throws IOException {
    for (int i = 0; i < 1 + number % 3; i++) {
      put(slab, "key" + i, 1_000 * i);
    }
    if (number % 3 == 2) {
      log.commit.await(ticket, slab.end());
      put(slab, "left uncommitted", 5_000);
    }
    slab.seal();
  }

  private void assertDurableBefore(Path written, List<Slab> slabs) throws IOException {
    for (Slab earlier : slabs) {
      if (LAYOUT.log(earlier.id()).compareTo(written) < 0) {
        assertEquals(earlier.end(), durableEnd(earlier.id()), "at a write to " + written);
      }
    }
  }

  // ---- marks ----

  @Test
  void everyCommitButTheFirstCarriesAMarkOfHowFarTheLogWasDurable() throws IOException {
    List<Long> expected = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      log.put("fill", 700 * (i % 3));
      if (i > 0) {
        expected.add((long) log.commit.durable(log.ticket));
      }
      log.commit("key" + i, 10);
      assertEquals(expected, marks(log.slab.end()));
      assertEquals(log.slab.end(), log.commit.durable(log.ticket));
      assertEquals(log.slab.end(), durableEnd(1));
    }
  }

  @Test
  void noMarkThatIsOnItsWayToTheDiskSaysMoreThanIsDurable() throws IOException {
    log.hook =
        (call, path) -> {
          if (call == Operation.FORCE) {
            long end = durableEnd(1);
            marks(log.slab.end()).forEach(mark -> assertTrue(mark <= end, mark + " > " + end));
          }
        };
    for (int i = 0; i < 10; i++) {
      log.commit("key" + i, 900);
    }
    assertEquals(9, marks(log.slab.end()).size());
  }

  /** The marks in the records up to an offset. */
  private List<Long> marks(int end) {
    ByteBuffer bytes = log.slab.head();
    List<Long> marks = new ArrayList<>();
    for (int at = FileHeader.LENGTH; at < end; ) {
      if (RecordFormat.kind(bytes, at) == RecordFormat.COMMIT_MARK) {
        marks.add(bytes.getLong(at + RecordFormat.HEADER_LENGTH));
      }
      at += (int) RecordFormat.align(RecordFormat.length(bytes, at));
    }
    return marks;
  }

  /** Else the commit that follows would have two, and this one none. */
  @Test
  void aCommitWaitsForTheRecordsThatLieBeforeItsMark() throws Exception {
    log.commit("key0", 10);
    int end = log.put("key1", 10);
    long ticket = log.slab.reserve(RecordFormat.length(4, 10)); // its writer is not done
    Waiter waiter = Waiter.start(log.commit, log.ticket, end);
    assertFalse(waiter.isDoneWhenAtRest());
    log.slab.abandon(ticket, RecordFormat.length(4, 10));
    assertNull(waiter.outcome());
    assertEquals(1, marks(log.slab.end()).size());
    assertEquals(log.slab.end(), durableEnd(1));
  }

  @Test
  void aMarkSettlesByItself() throws IOException {
    for (int i = 0; i < 3; i++) {
      log.commit("key" + i, 10);
    }
    log.slab.seal();
    assertTrue(log.slab.isSettled());
  }

  @Test
  void aSlabWithoutRoomForAMarkIsCommittedWithoutOne() throws IOException {
    log.commit("key", 10);
    log.put("last", 10);
    int length = RecordFormat.COMMIT_MARK_LENGTH;
    for (long at = log.slab.reserve(length); at != Slab.FULL; at = log.slab.reserve(length)) {
      log.slab.abandon(at, length);
    }
    log.commit.await(log.ticket, log.slab.end());
    assertEquals(List.of(), marks(log.slab.end()));
    assertEquals(log.slab.end(), durableEnd(1));
    assertEquals(List.of("key", "last"), log.keysAfter(Survival.NONE, 1));
  }

  // ---- blocks ----

  @Test
  void theBlockThatACommitWritesAgainKeepsWhatWasDurable() throws IOException {
    log.hook =
        (call, path) -> {
          if (call == Operation.FORCE) {
            assertKept();
          }
        };
    for (int i = 0; i < 60; i++) {
      log.commit("key" + i, 20 + i * 7 % 300);
    }
  }

  private void assertKept() throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      List<String> found = log.keysAfter(Survival.TORN, seed);
      assertTrue(found.size() >= log.durable.size(), log.durable + ", but " + found);
      assertEquals(log.durable, found.subList(0, log.durable.size()));
    }
  }

  @Test
  void theFileIsTheSlabByteForByte() throws IOException {
    for (int i = 0; i < 20; i++) {
      log.commit("key" + i, 300 * i);
    }
    SimulatedDisk after = log.disk.afterCrash(Survival.NONE, 1);
    byte[] file = TestLogs.content(after, LAYOUT.log(1));
    assertEquals(log.slab.head().slice(0, file.length), ByteBuffer.wrap(file));
    assertTrue(log.slab.end() <= file.length);
  }

  @Test
  void onlyTheLastBlockIsWrittenAgain() throws IOException {
    log.commit("key0", 100_000);
    long calls = log.disk.ioCalls();
    log.commit("key1", 10);
    List<String> made = log.disk.history();
    String last = made.get(made.size() - 2);
    assertEquals(calls + 2, log.disk.ioCalls());
    assertTrue(last.contains("write 4096 bytes at 98304"), last);
  }

  // ---- figures ----

  @Test
  void theFilesOfLogsThatAreNotFinishedAreCounted() throws IOException {
    assertEquals(0, log.commit.fileBytes());
    log.put("waits", 5_000);
    assertEquals(0, log.commit.fileBytes());
    assertFalse(log.commit.isAnythingDurable());
    log.commit("key", 5_000);
    assertEquals(log.disk.size(LAYOUT.log(1)), log.commit.fileBytes());
    assertTrue(log.commit.isAnythingDurable());
    log.slab.seal();
    Slab second = TestLogs.slab(16 << 10, log.slab);
    Ticket ticket = log.commit.add(second);
    log.commit.await(ticket, put(second, "key2", 100));
    long bytes = log.disk.size(LAYOUT.log(1)) + log.disk.size(LAYOUT.log(2));
    assertEquals(bytes, log.commit.fileBytes());
    close(log.commit.finish(log.ticket));
    assertEquals(log.disk.size(LAYOUT.log(2)), log.commit.fileBytes());
    assertTrue(log.commit.isAnythingDurable());
    second.seal();
    close(log.commit.finish(ticket));
    assertEquals(0, log.commit.fileBytes());
    assertFalse(log.commit.isAnythingDurable());
  }

  @Test
  void nothingIsDurableOfWhatWasAbandoned() throws IOException {
    log.commit("key", 100);
    log.commit.abandon();
    assertEquals(0, log.commit.fileBytes());
    assertFalse(log.commit.isAnythingDurable());
  }

  private static void close(@Nullable DiskFile file) throws IOException {
    assertNotNull(file);
    file.close();
  }
}
