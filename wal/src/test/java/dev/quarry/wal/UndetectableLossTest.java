package dev.quarry.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The limit of telling a torn tail from damage: nothing in a log says that its last commit was ever
 * synced. These tests are not of what is wanted, but of what cannot be had; they fail when the
 * documentation should promise more.
 */
class UndetectableLossTest {

  private static final int VALUE = 1_500;

  private static OneLog log() throws IOException {
    OneLog log = new OneLog(1);
    log.commit("key0", VALUE);
    log.commit("key1", VALUE);
    return log;
  }

  private static byte[] zeroed(byte[] bytes, int from, int to) {
    byte[] changed = bytes.clone();
    Arrays.fill(changed, from, to, (byte) 0);
    return changed;
  }

  /** The two files are the same, so whoever reads them must say the same of both. */
  @Test
  void damageInTheLastCommitIsTheSameAsATornOne() throws IOException {
    OneLog torn = log();
    int from = torn.slab.end();
    byte[][] unsynced = {{}};
    torn.hook =
        (call, path) -> {
          if (call == Operation.FORCE) {
            unsynced[0] = TestLogs.content(torn.disk.afterCrash(Survival.ALL, 1), path);
          }
        };
    torn.commit("key2", VALUE);

    OneLog damaged = log();
    damaged.commit("key2", VALUE);
    byte[] synced =
        TestLogs.content(damaged.disk.afterCrash(Survival.NONE, 1), TestLogs.LAYOUT.log(1));

    int sector = (from / LogImage.SECTOR + 1) * LogImage.SECTOR;
    byte[] tornBytes = zeroed(unsynced[0], sector, sector + LogImage.SECTOR);
    byte[] damagedBytes = zeroed(synced, sector, sector + LogImage.SECTOR);
    assertArrayEquals(tornBytes, damagedBytes);
    assertEquals(from, LogImage.read(damagedBytes).end(), "acknowledged, lost, and not reported");
  }

  @Test
  void aLogCutAtAnyCommitIsTheSameAsAYoungerOne() throws IOException {
    OneLog log = log();
    int end = log.slab.end();
    byte[] younger = TestLogs.content(log.disk, TestLogs.LAYOUT.log(1));
    log.commit("key2", VALUE);
    byte[] older = TestLogs.content(log.disk, TestLogs.LAYOUT.log(1));
    int sectors = end + LogImage.SECTOR - 1 & -LogImage.SECTOR;
    byte[] cut = Arrays.copyOf(Arrays.copyOf(older, sectors), Disk.BLOCK);
    assertEquals(LogImage.read(younger).end(), LogImage.read(cut).end());
  }

  @Test
  void aLogThatIsGoneIsTheSameAsOneThatNeverWas() throws IOException {
    OneLog log = log();
    log.commit.abandon();
    log.disk.delete(TestLogs.LAYOUT.log(1));
    assertEquals(List.of(), TestLogs.readLogs(log.disk));
  }

  /**
   * Records are bound to store, segment and offset, but not to one of two logs that had the same
   * id. So an id must not come again, nor a file be made of an old one, unless it is zeroed.
   */
  @Test
  void aRecordLeftByALogOfTheSameIdWouldBeTakenForItsOwn() throws IOException {
    OneLog old = log();
    old.commit("stale", VALUE);
    byte[] recycled = TestLogs.content(old.disk, TestLogs.LAYOUT.log(1));
    OneLog young = log();
    byte[] newer = TestLogs.content(young.disk, TestLogs.LAYOUT.log(1));
    System.arraycopy(newer, FileHeader.LENGTH, recycled, FileHeader.LENGTH, young.slab.end() - 64);
    LogContents log = LogImage.read(recycled);
    assertTrue(log.end() > young.slab.end());
    assertEquals(List.of("key0", "key1", "stale"), TestLogs.keys(LogImage.disk(recycled), 1));
  }
}
