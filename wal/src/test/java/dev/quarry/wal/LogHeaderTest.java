package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.LAYOUT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import java.io.IOException;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a log's header proves: whose it is, in which version; and what other logs leave in it. */
class LogHeaderTest {

  private static final FileHeader OWN = FileHeader.segment(TestLogs.STORE, 1, 1);

  @Test
  void aHeaderThatIsNotThereIsATornOneIfNoRecordIs() throws IOException {
    LogContents log = LogImage.read(new byte[2 * Disk.BLOCK]);
    assertTrue(log.isEmpty());
    assertEquals(FileHeader.LENGTH, log.end());
    assertEquals(FileHeader.segment(TestLogs.STORE, 1, 0), log.header());
  }

  @Test
  void aDamagedHeaderInFrontOfRecordsIsReported() throws IOException {
    byte[] log = logOf(OWN, 3);
    for (int bit = 0; bit < FileHeader.LENGTH * 8; bit++) {
      byte[] damaged = log.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> LogImage.read(damaged), "bit " + bit);
      assertEquals(LAYOUT.log(1), e.file());
      assertTrue(e.offset() < FileHeader.LENGTH, e.getMessage());
    }
  }

  private static byte[] logOf(FileHeader header, int commits) throws IOException {
    SimulatedDisk disk = TestLogs.disk(1);
    GroupCommit commit = new GroupCommit(disk, LAYOUT);
    Slab slab = new Slab(DirectMemory.allocate(64 << 10).buffer(), header, memory -> {});
    GroupCommit.Ticket ticket = commit.add(slab);
    for (int i = 0; i < commits; i++) {
      commit.await(ticket, TestLogs.put(slab, "key", 1_000));
    }
    commit.abandon();
    return TestLogs.content(disk, LAYOUT.log(header.segmentId()));
  }

  private static byte[] withoutRecords(byte[] log) {
    return Arrays.copyOf(Arrays.copyOf(log, FileHeader.LENGTH), log.length);
  }

  private static void assertNames(CorruptionException e, long offset) {
    assertEquals(LAYOUT.log(1), e.file());
    assertEquals(offset, e.offset(), e.getMessage());
    assertTrue(e.getMessage().startsWith(LAYOUT.log(1) + " at offset " + offset), e.getMessage());
  }

  @Test
  void aLogOfAnotherStoreIsReported() throws IOException {
    byte[] foreign = logOf(FileHeader.segment(new UUID(1, 2), 1, 1), 4);
    for (byte[] log : new byte[][] {foreign, withoutRecords(foreign)}) {
      CorruptionException e = assertThrows(CorruptionException.class, () -> LogImage.read(log));
      assertNames(e, 16);
      assertTrue(e.getMessage().contains(new UUID(1, 2).toString()), e.getMessage());
    }
  }

  @Test
  void aLogUnderTheNameOfAnotherIsReported() throws IOException {
    byte[] other = logOf(FileHeader.segment(TestLogs.STORE, 7, 1), 4);
    for (byte[] log : new byte[][] {other, withoutRecords(other)}) {
      CorruptionException e = assertThrows(CorruptionException.class, () -> LogImage.read(log));
      assertNames(e, 32);
    }
  }

  /** Whatever else is in it: this release cannot judge it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2, 1_000})
  void aLogOfAnotherVersionIsNotCalledDamaged(int version) throws IOException {
    byte[] other = LogImage.withVersion(logOf(OWN, 4), version);
    byte[] ofOtherRecords = other.clone();
    Arrays.fill(ofOtherRecords, FileHeader.LENGTH, 1_200, (byte) 9);
    for (byte[] log : new byte[][] {other, withoutRecords(other), ofOtherRecords}) {
      FormatVersionException e =
          assertThrows(FormatVersionException.class, () -> LogImage.read(log));
      assertEquals(version, e.found());
      assertTrue(e.getMessage().contains(LAYOUT.log(1).toString()), e.getMessage());
    }
  }

  // ---- what lay in the blocks before ----

  /**
   * Records are bound to store, segment and offset, so none of these is taken for one of the log.
   */
  @Test
  void staleBlocksOfOtherLogsAreNotRead() throws IOException {
    byte[] otherSegment = logOf(FileHeader.segment(TestLogs.STORE, 7, 1), 12);
    byte[] otherStore = logOf(FileHeader.segment(new UUID(1, 2), 1, 1), 12);
    byte[] young = logOf(OWN, 3);
    int end = (int) LogImage.read(young).end();
    for (byte[] stale : new byte[][] {otherSegment, otherStore}) {
      byte[] recycled = stale.clone();
      System.arraycopy(young, 0, recycled, 0, end);
      LogContents log = LogImage.read(recycled);
      assertEquals(end, log.end());
    }
  }

  /** Nor are blocks of this very log at another place. */
  @Test
  void misplacedBlocksAreNotRead() throws IOException {
    byte[] log = logOf(OWN, 12);
    int end = (int) LogImage.read(log).end();
    byte[] longer = Arrays.copyOf(log, 2 * log.length);
    System.arraycopy(log, FileHeader.LENGTH, longer, end, log.length - FileHeader.LENGTH);
    assertEquals(end, LogImage.read(longer).end());
  }
}
