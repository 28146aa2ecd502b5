package dev.quarry.wal;

import static dev.quarry.wal.LogImage.SECTOR;
import static dev.quarry.wal.TestLogs.LAYOUT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.wal.LogImage.Place;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A torn tail is cut silently, and damage is reported: whatever a later commit of the log, or the
 * log that follows, proves to have been synced.
 */
class TornTailTest {

  private static final long SEED = 20_260_731;

  /** Logs of one disk: of several commits, all durable, the second one following the first. */
  private static LogImage first;

  private static LogImage second;

  @BeforeAll
  @BeforeContainer
  static void writeLogs() throws IOException {
    Random random = new Random(SEED);
    SimulatedDisk disk = TestLogs.disk(SEED);
    GroupCommit commit = new GroupCommit(disk, LAYOUT);
    Slab slab = TestLogs.slab(64 << 10);
    fill(slab, commit, random);
    slab.seal();
    Slab next = TestLogs.slab(64 << 10, slab);
    fill(next, commit, random);
    first = LogImage.of(disk, slab);
    second = LogImage.of(disk, next);
    commit.abandon();
  }

  private static void fill(Slab slab, GroupCommit commit, Random random) throws IOException {
    GroupCommit.Ticket ticket = commit.add(slab);
    for (int i = 0; i < 8; i++) {
      int end = 0;
      for (int j = random.nextInt(4); j >= 0; j--) {
        end = TestLogs.put(slab, "key" + i + j, TestLogs.value(random.nextInt(900), i));
      }
      if (i % 3 == 0) {
        long ticketGivenUp = TestLogs.reserve(slab, "given", "up");
        slab.abandon(ticketGivenUp, RecordFormat.length(5, 2));
        slab.settle();
        long gone = TestLogs.reserve(slab, "key0" + i, "");
        TestLogs.write(slab, gone, RecordFormat.TOMBSTONE, "key0" + i, "");
        end = TestLogs.end(gone, "key0" + i, "");
      }
      commit.await(ticket, end);
    }
  }

  // ---- what later commits prove ----

  @Test
  void aWholeLogIsReadToItsEnd() throws IOException {
    LogContents log = LogImage.read(first.bytes());
    assertEquals(first.end(), log.end());
    assertEquals(1, log.header().firstSequence());
    assertEquals(LAYOUT.log(1), log.path());
  }

  /** Reads a damaged first log; returns whether the damage was reported. */
  private static boolean isReportedOrCut(byte[] damaged, String what) throws IOException {
    Place broken = null;
    long proven = 0;
    for (Place place : first.records()) {
      boolean isBroken = LogImage.isBroken(place, first.bytes(), damaged);
      if (broken == null && isBroken) {
        broken = place;
      }
      if (!isBroken && broken != null) {
        proven = Math.max(proven, place.mark());
      }
    }
    int end = broken == null ? first.end() : broken.start();
    if (proven > end) {
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> LogImage.read(damaged), what);
      assertNames(e, 1, end);
      assertTrue(e.getMessage().contains("synced up to " + proven), e.getMessage());
      return true;
    }
    boolean headerBroken =
        Arrays.mismatch(
                Arrays.copyOf(first.bytes(), FileHeader.LENGTH),
                Arrays.copyOf(damaged, FileHeader.LENGTH))
            >= 0;
    if (headerBroken && end > FileHeader.LENGTH) {
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> LogImage.read(damaged), what);
      assertEquals(LAYOUT.log(1), e.file());
      assertTrue(e.offset() < FileHeader.LENGTH, e.getMessage());
      return true;
    }
    assertEquals(end, LogImage.read(damaged).end(), what);
    return false;
  }

  private static void assertNames(CorruptionException e, long id, long offset) {
    assertEquals(LAYOUT.log(id), e.file());
    assertEquals(offset, e.offset(), e.getMessage());
    assertTrue(e.getMessage().startsWith(LAYOUT.log(id) + " at offset " + offset), e.getMessage());
  }

  @Test
  void aFlippedBitIsReportedInFrontOfTheLastCommitAndCutBehindIt() throws IOException {
    Random random = new Random(SEED);
    int lastCommit = lastMark(first);
    int reported = 0;
    for (int at = 0; at < first.bytes().length; at++) {
      boolean wasReported =
          isReportedOrCut(first.flipped(at, 1 << random.nextInt(8)), "bit at " + at);
      assertTrue(at < lastCommit || !wasReported, "bit at " + at + " is not proven");
      reported += wasReported ? 1 : 0;
    }
    int unprotected = first.records().stream().mapToInt(p -> p.end() - p.protectedEnd() + 7).sum();
    assertTrue(reported > lastCommit - unprotected, reported + " reported of " + lastCommit);
  }

  /** How far the log was durable before its last commit. */
  private static int lastMark(LogImage image) {
    return (int) image.records().stream().mapToLong(Place::mark).max().orElseThrow();
  }

  @Test
  void aSectorOfZerosIsReportedInFrontOfTheLastCommitAndCutBehindIt() throws IOException {
    int lastCommit = lastMark(first);
    for (int at = 0; at < first.bytes().length; at += SECTOR) {
      byte[] damaged = first.bytes().clone();
      Arrays.fill(damaged, at, at + SECTOR, (byte) 0);
      boolean mustBeReported = at + SECTOR <= lastCommit;
      assertTrue(isReportedOrCut(damaged, "sector at " + at) || !mustBeReported);
    }
  }

  @Property(tries = 1_000)
  void anyDamageIsReportedOrCut(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int hits)
      throws IOException {
    Random random = new Random(seed);
    byte[] damaged = first.bytes().clone();
    for (int i = 0; i < hits; i++) {
      byte[] garbage = new byte[1 + random.nextInt(1 << random.nextInt(12))];
      if (random.nextBoolean()) {
        random.nextBytes(garbage);
      }
      int at = random.nextInt(damaged.length - garbage.length);
      System.arraycopy(garbage, 0, damaged, at, garbage.length);
    }
    isReportedOrCut(damaged, "seed " + seed);
  }

  @Test
  void whatFollowsTheLastRecordDoesNotMatter() throws IOException {
    Random random = new Random(SEED);
    for (int i = 0; i < 200; i++) {
      byte[] longer = Arrays.copyOf(first.bytes(), first.bytes().length + Disk.BLOCK);
      byte[] garbage = new byte[longer.length - first.end()];
      random.nextBytes(garbage);
      System.arraycopy(garbage, 0, longer, first.end(), garbage.length);
      assertEquals(first.end(), LogImage.read(longer).end());
    }
  }

  // ---- what the next log proves ----

  private static LogContents[] bothLogs(byte[] damaged, int size, byte[] next) throws IOException {
    SimulatedDisk disk = TestLogs.disk(0);
    LogImage.write(disk, 1, damaged, size);
    LogImage.write(disk, 2, next, next.length);
    return new LogContents[] {TestLogs.read(disk, 1), TestLogs.read(disk, 2)};
  }

  private static void assertReportedByTheNext(byte[] damaged, int size, byte[] next, long offset)
      throws IOException {
    LogContents[] logs = bothLogs(damaged, size, next);
    assertEquals(offset, logs[0].end());
    CorruptionException e =
        assertThrows(CorruptionException.class, () -> logs[0].checkReaches(logs[1]));
    assertNames(e, 1, offset);
    assertTrue(e.getMessage().contains("synced up to " + first.end()), e.getMessage());
    assertTrue(e.getMessage().contains(LAYOUT.log(2).toString()), e.getMessage());
  }

  @Test
  void aWholeLogReachesToWhereTheNextSays() throws IOException {
    LogContents[] logs = bothLogs(first.bytes(), first.bytes().length, second.bytes());
    logs[0].checkReaches(logs[1]);
    logs[1].checkReaches(logs[0]); // which does not follow it
    assertEquals(second.end(), logs[1].end());
  }

  @Test
  void damageInTheLastCommitIsReportedIfAnotherLogFollows() throws IOException {
    int lastCommit = lastMark(first);
    for (Place place : first.records()) {
      if (place.start() >= lastCommit) {
        byte[] damaged = first.flipped(place.start() + 9, 4);
        assertReportedByTheNext(damaged, damaged.length, second.bytes(), place.start());
      }
    }
  }

  @Test
  void aLogCutAnywhereIsReportedIfAnotherLogFollows() throws IOException {
    for (int size = 0; size < first.end(); size += SECTOR) {
      assertReportedByTheNext(first.bytes(), size, second.bytes(), wholeRecordsEnd(size));
    }
  }

  /** The next log is created when this one is durable to its end, so its header will do. */
  @Test
  void aNextLogThatHoldsNothingButItsHeaderProvesTheSame() throws IOException {
    byte[] next = Arrays.copyOf(Arrays.copyOf(second.bytes(), FileHeader.LENGTH), Disk.BLOCK);
    int size = first.end() / SECTOR * SECTOR;
    assertReportedByTheNext(first.bytes(), size, next, wholeRecordsEnd(size));
  }

  /** Between the two there was one that is a segment by now. */
  @Test
  void aLogThatFollowsAnotherOneProvesNothing() throws IOException {
    ByteBuffer next = ByteBuffer.allocate(Disk.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    new FileHeader(FileHeader.SEGMENT_MAGIC, TestLogs.STORE, 2, 1, 1 << 20, 7).encode(next);
    LogContents[] logs = bothLogs(first.bytes(), first.bytes().length, next.array());
    logs[0].checkReaches(logs[1]);
  }

  @Test
  void aNextLogWhoseHeaderIsTornProvesNothing() throws IOException {
    int size = first.end() / SECTOR * SECTOR;
    LogContents[] logs = bothLogs(first.bytes(), size, new byte[Disk.BLOCK]);
    assertTrue(logs[1].isEmpty());
    logs[0].checkReaches(logs[1]);
    LogContents none = bothLogs(first.bytes(), size, new byte[0])[1];
    assertTrue(none.isEmpty());
    logs[0].checkReaches(none);
  }

  // ---- torn tails ----

  /** Where the records end that lie wholly within the first bytes; no record is in half a block. */
  private static int wholeRecordsEnd(int size) {
    int end = FileHeader.LENGTH;
    for (Place place : first.records()) {
      if (size >= Disk.BLOCK && place.end() <= size) {
        end = (int) RecordFormat.align(place.end());
      }
    }
    return end;
  }

  @Test
  void aFileCutAnywhereIsReadUpToThere() throws IOException {
    for (int size = 0; size <= first.bytes().length; size += SECTOR) {
      SimulatedDisk disk = TestLogs.disk(0);
      LogImage.write(disk, 1, first.bytes(), size);
      assertEquals(wholeRecordsEnd(size), TestLogs.read(disk, 1).end(), "cut to " + size);
    }
  }

  /** Of a log whose first commit was never synced, any sectors may be there. */
  @Property(tries = 500)
  void aTornFirstCommitIsCutSilently(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    SimulatedDisk disk = TestLogs.disk(seed);
    GroupCommit commit = new GroupCommit(disk, LAYOUT);
    Slab slab = TestLogs.slab(64 << 10);
    GroupCommit.Ticket ticket = commit.add(slab);
    for (int i = 0; i < 12; i++) {
      TestLogs.put(slab, "key" + i, random.nextInt(1_500));
    }
    commit.await(ticket, slab.end());
    LogImage image = LogImage.of(disk, slab);
    byte[] torn = new byte[image.bytes().length];
    for (int at = 0; at < torn.length; at += SECTOR) {
      if (random.nextInt(8) > 0) {
        System.arraycopy(image.bytes(), at, torn, at, SECTOR);
      }
    }
    int end = FileHeader.LENGTH;
    for (Place place : image.records()) {
      if (LogImage.isBroken(place, image.bytes(), torn)) {
        break;
      }
      end = (int) RecordFormat.align(place.end());
    }
    assertEquals(end, LogImage.read(torn).end());
    commit.abandon();
  }
}
