package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.LAYOUT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.wal.LyingDisk.Lie;
import dev.quarry.wal.ManyWriters.Place;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** At every moment, what was acknowledged is on the disk, however many threads write. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConcurrentCommitTest {

  private static final int WRITERS = 8;
  private static final int PUTS = 60;

  private static long seed() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("ConcurrentCommitTest with seed " + seed);
    return seed;
  }

  /** The records in what is left of a slab's log, or of the segment it became. */
  private static byte[] records(Disk disk, long id) throws IOException {
    if (disk.exists(LAYOUT.segment(id))) {
      SegmentFile file =
          SegmentFile.open(disk, LAYOUT.segment(id), TestLogs.STORE, id, TestLogs.HASHER);
      return cut(TestLogs.content(disk, file.path()), file.trailer().recordsEnd());
    }
    return disk.exists(LAYOUT.log(id))
        ? cut(TestLogs.content(disk, LAYOUT.log(id)), TestLogs.read(disk, id).end())
        : new byte[0];
  }

  private static byte[] cut(byte[] bytes, long end) {
    return Arrays.copyOf(bytes, end == FileHeader.LENGTH ? 0 : (int) end);
  }

  /** That a record is on a disk, byte for byte. */
  private static void assertHolds(SimulatedDisk disk, Place place) throws IOException {
    byte[] found = records(disk, place.slab().id());
    assertTrue(found.length >= place.end(), () -> "lost, only " + found.length + ": " + place);
    ByteBuffer written = place.slab().head().slice(place.start(), place.end() - place.start());
    assertEquals(written, ByteBuffer.wrap(found, place.start(), place.end() - place.start()));
  }

  /** Runs writers that look, as soon as they are told, whether their record is really there. */
  private static ManyWriters run(SimulatedDisk disk, Disk decorated, long seed)
      throws IOException, InterruptedException {
    ManyWriters writers =
        new ManyWriters(
            decorated,
            LAYOUT,
            disk::hasCrashed,
            place -> assertHolds(disk.afterCrash(Survival.NONE, seed), place));
    writers.run(WRITERS, PUTS, seed);
    return writers;
  }

  @RepeatedTest(3)
  void whatIsAcknowledgedIsOnTheDiskAtThatMoment() throws Exception {
    long seed = seed();
    SimulatedDisk disk = TestLogs.disk(seed);
    ManyWriters writers = run(disk, disk, seed);
    assertEquals(List.of(), writers.errors());
    assertEquals(WRITERS * PUTS, writers.acknowledged().size());
    assertTrue(writers.slabs().size() > 3);
    assertSurvives(writers, disk, seed);
    assertEquals(List.of(), disk.openHandles());
  }

  @RepeatedTest(30)
  void aCrashUnderManyWritersLeavesAPrefix() throws Exception {
    long seed = seed();
    SimulatedDisk disk = TestLogs.disk(seed);
    disk.crashAt(disk.ioCalls() + 1 + new Random(seed).nextInt(200));
    ManyWriters writers = new ManyWriters(disk, LAYOUT, disk::hasCrashed, place -> {});
    writers.run(WRITERS, PUTS, seed);
    assertEquals(List.of(), writers.errors());
    assertSurvives(writers, disk, seed);
    assertEquals(List.of(), disk.openHandles());
  }

  @RepeatedTest(3)
  void aDiskThatIsFullAtTimesRefusesSomeAndLosesNone() throws Exception {
    long seed = seed();
    SimulatedDisk disk = TestLogs.disk(seed);
    AtomicInteger writes = new AtomicInteger();
    Hook full =
        (call, path) -> {
          if (call == Operation.WRITE) {
            disk.capacity(writes.incrementAndGet() % 5 == 0 ? disk.usedSpace() : 1L << 40);
          }
        };
    ManyWriters writers = run(disk, full.inFrontOf(disk), seed);
    assertEquals(List.of(), writers.errors());
    assertEquals(WRITERS * PUTS, writers.acknowledged().size() + writers.refused().size());
    assertFalse(writers.refused().isEmpty());
    assertSurvives(writers, disk, seed);
  }

  /** The bytes of every log are those of its slab, up to some point, behind which there is none. */
  private static void assertSurvives(ManyWriters writers, SimulatedDisk crashed, long seed)
      throws IOException {
    for (Survival survival : Survival.values()) {
      SimulatedDisk disk = crashed.afterCrash(survival, seed);
      boolean ended = false;
      TestLogs.readLogs(disk);
      for (Slab slab : writers.slabs()) {
        byte[] found = records(disk, slab.id());
        assertTrue(found.length == 0 || !ended, () -> "records behind a gap: " + slab.id());
        ended = found.length < slab.end();
        assertEquals(
            ByteBuffer.wrap(found, Math.min(64, found.length), Math.max(0, found.length - 64)),
            slab.head().slice(64, Math.max(0, found.length - 64)),
            () -> survival + " changed log " + slab.id());
      }
      for (Place place : writers.acknowledged()) {
        assertHolds(disk, place);
      }
      for (Place place : writers.refused()) {
        assertEquals(RecordFormat.VOID, RecordFormat.kind(place.slab().head(), place.start()));
      }
    }
  }

  /** The check can fail: a disk that lies does not pass. */
  @ParameterizedTest
  @EnumSource(names = {"FORCE", "EVERY_THIRD_FORCE", "SYNC_OF_LOG_DIRECTORY"})
  void aDiskThatLiesIsFoundOut(Lie lie) throws Exception {
    long seed = seed();
    SimulatedDisk disk = TestLogs.disk(seed);
    ManyWriters writers = run(disk, new LyingDisk(disk, lie), seed);
    assertTrue(
        writers.errors().stream().anyMatch(e -> e.toString().contains("lost")),
        () -> "not found out: " + writers.errors());
  }

  @Test
  void interruptsOnARealFileSystemLoseNothing(@TempDir Path root) throws Exception {
    long seed = seed();
    StoreLayout layout = new StoreLayout(root);
    Disk disk = new FileSystemDisk();
    disk.createDirectories(layout.logs());
    disk.createDirectories(layout.segments());
    AtomicInteger forces = new AtomicInteger();
    ManyWriters[] writers = {null};
    Hook interrupts =
        (call, path) -> {
          if (call == Operation.FORCE || call == Operation.WRITE) {
            writers[0].interrupt(forces.incrementAndGet() % (WRITERS + 1));
            Thread.currentThread().interrupt();
          }
        };
    writers[0] = new ManyWriters(interrupts.inFrontOf(disk), layout, () -> false, place -> {});
    writers[0].run(WRITERS, PUTS, seed);
    assertEquals(List.of(), writers[0].errors());
    assertEquals(WRITERS * PUTS, writers[0].acknowledged().size());
    for (Place place : writers[0].acknowledged()) {
      long id = place.slab().id();
      Path file = disk.exists(layout.segment(id)) ? layout.segment(id) : layout.log(id);
      byte[] found = TestLogs.content(disk, file);
      assertEquals(
          place.slab().head().slice(place.start(), place.end() - place.start()),
          ByteBuffer.wrap(found, place.start(), place.end() - place.start()));
    }
  }
}
