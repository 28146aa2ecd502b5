package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreFixture.Place;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Opening after a crash with a log that is not as it was written: damage inside what was once
 * synced stops the opening, a torn tail does not.
 */
class DamagedLogTest {

  private static final int KEYS = 8;
  private static final int LENGTH = 1_500;

  private final SimulatedDisk running = new SimulatedDisk(1);
  private final Path log = new StoreLayout(ROOT).log(1);
  private BlobStore store;
  private SimulatedDisk disk;
  private List<Place> places;

  @BeforeEach
  void crashWithALog() throws IOException {
    store = StoreFixture.open(running, DURABLE);
    putAll(store, 0, KEYS, LENGTH);
    disk = crashed();
    places = StoreFixture.places(disk, ROOT, log);
    assertEquals(KEYS, places.size());
  }

  @AfterEach
  void closeRunningStore() {
    store.close();
  }

  private SimulatedDisk crashed() {
    return running.afterCrash(Survival.NONE, 1);
  }

  private CorruptionException assertRefused(SimulatedDisk damaged, Path file) throws IOException {
    String before = content(damaged, file);
    List<String> names = damaged.list(file.getParent());
    var e = assertThrows(CorruptionException.class, () -> StoreFixture.open(damaged, DURABLE));
    assertEquals(file, e.file());
    assertTrue(e.getMessage().contains(file + " at offset " + e.offset()), e.getMessage());
    assertEquals(before, content(damaged, file), "an opening that fails changes nothing");
    assertEquals(names, damaged.list(file.getParent()));
    assertEquals(List.of(), damaged.openHandles());
    return e;
  }

  private static String content(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return java.util.Arrays.toString(bytes.array());
    }
  }

  private static void assertHolds(SimulatedDisk disk, int keys) {
    for (int opening = 0; opening < 2; opening++) {
      try (BlobStore recovered = StoreFixture.open(disk, DURABLE)) {
        assertAll(recovered, 0, keys, LENGTH);
        assertEquals(keys, recovered.stats().keys());
        assertEquals(0, recovered.stats().damagedFiles());
        assertNull(recovered.get(key(keys)));
      }
    }
    assertEquals(List.of(), disk.openHandles());
  }

  private static void cut(SimulatedDisk disk, Path path, long size) throws IOException {
    try (DiskFile file = disk.open(path)) {
      file.truncate(size);
      file.force();
    }
  }

  @Test
  void aLogThatIsAsItWasWrittenIsReadToItsEnd() {
    assertHolds(disk, KEYS);
  }

  @Test
  void damageInFrontOfALaterCommitIsReportedWhereTheRecordBegins() throws IOException {
    for (int i = 0; i < KEYS - 1; i++) {
      Place place = places.get(i);
      List<Long> offsets =
          List.of(
              place.offset(),
              place.offset() + 9,
              place.offset() + 22,
              place.keyOffset() + 1,
              place.valueOffset(),
              place.valueOffset() + LENGTH - 1);
      for (long at : offsets) {
        SimulatedDisk damaged = crashed();
        StoreFixture.flip(damaged, log, at, 0x08);
        assertEquals(place.offset(), assertRefused(damaged, log).offset());
      }
    }
  }

  @Test
  void aDamagedCommitMarkInFrontOfALaterCommitIsReportedToo() throws IOException {
    for (int i = 1; i < KEYS - 1; i++) {
      long mark = RecordFormat.align(places.get(i).offset() + places.get(i).length());
      assertEquals(mark + RecordFormat.COMMIT_MARK_LENGTH, places.get(i + 1).offset());
      SimulatedDisk damaged = crashed();
      StoreFixture.flip(damaged, log, mark + RecordFormat.HEADER_LENGTH, 0x01);
      assertEquals(mark, assertRefused(damaged, log).offset());
    }
  }

  @Test
  void aDamagedHeaderOfALogWithRecordsIsReported() throws IOException {
    for (int at = 0; at < FileHeader.LENGTH; at += 5) {
      SimulatedDisk damaged = crashed();
      StoreFixture.flip(damaged, log, at, 0x40);
      assertTrue(assertRefused(damaged, log).offset() < FileHeader.LENGTH);
    }
  }

  /** Of the last commit nothing says that it ever was synced. */
  @Test
  void aTornLastCommitIsCutSilently() throws IOException {
    Place last = places.get(KEYS - 1);
    for (long at = last.offset(); at < last.offset() + last.length(); at += 97) {
      SimulatedDisk torn = crashed();
      StoreFixture.flip(torn, log, at, 0x08);
      assertHolds(torn, KEYS - 1);
    }
  }

  @Test
  void garbageBehindTheLastCommitIsCutSilently() throws IOException {
    long size = disk.size(log);
    try (DiskFile file = disk.open(log)) {
      ByteBuffer garbage = DirectMemory.allocate(3 * Disk.BLOCK).buffer();
      garbage.put(0, StoreFixture.value(1, 3 * Disk.BLOCK));
      file.write(garbage, size);
      file.force();
    }
    assertHolds(disk, KEYS);
  }

  /** Its header is whole, so it is no torn one, and deleting it could lose somebody's data. */
  @Test
  void aLogUnderAnothersNameIsReported() throws IOException {
    Path other = log.resolveSibling("0000000002.wal");
    ByteBuffer copy = DirectMemory.allocate((int) disk.size(log)).buffer();
    try (DiskFile file = disk.openForRead(log)) {
      file.read(copy, 0);
    }
    try (DiskFile file = disk.create(other)) {
      file.write(copy.flip(), 0);
      file.force();
    }
    disk.syncDirectory(other.getParent());
    assertRefused(disk, other);
  }

  @Test
  void aLogOfLessThanABlockIsEmpty() throws IOException {
    cut(disk, log, 0);
    assertHolds(disk, 0);
    assertEquals(List.of(), disk.list(log.getParent()));
  }

  @Test
  void aLogThatTheNextOneSaysWasLongerIsReported() throws IOException {
    ManualExecutor background = new ManualExecutor();
    SimulatedDisk twoLogs = new SimulatedDisk(2);
    BlobStore busy =
        BlobStore.open(
            ROOT,
            DURABLE.toBuilder().slabs(4).build(),
            new Environment(twoLogs, Xxh3KeyHash::new, () -> background));
    putAll(busy, 0, 60, LENGTH);
    SimulatedDisk whole = twoLogs.afterCrash(Survival.NONE, 1);
    assertEquals(2, whole.list(log.getParent()).size());
    long size = whole.size(log);
    for (long cut = Disk.BLOCK; cut < size; cut += 3 * Disk.BLOCK) {
      SimulatedDisk shorter = twoLogs.afterCrash(Survival.NONE, 1);
      cut(shorter, log, cut);
      CorruptionException e = assertRefused(shorter, log);
      assertTrue(e.offset() <= cut);
      assertTrue(e.getMessage().contains("0000000002.wal"), e.getMessage());
    }
    assertHolds(whole, 60);
    background.runFromNowOn();
    busy.close();
  }
}
