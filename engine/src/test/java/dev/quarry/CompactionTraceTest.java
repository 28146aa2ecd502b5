package dev.quarry;

import static dev.quarry.CompactionFixture.FULL;
import static dev.quarry.CompactionFixture.LAX;
import static dev.quarry.CompactionFixture.LENGTH;
import static dev.quarry.CompactionFixture.STRICT;
import static dev.quarry.CompactionFixture.assertAbsent;
import static dev.quarry.CompactionFixture.assertPresent;
import static dev.quarry.CompactionFixture.contents;
import static dev.quarry.CompactionFixture.delete;
import static dev.quarry.CompactionFixture.file;
import static dev.quarry.CompactionFixture.lax;
import static dev.quarry.CompactionFixture.putsIn;
import static dev.quarry.CompactionFixture.segmentWithItsTombstones;
import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What compaction drops, and a crash during it, brings nothing back. */
class CompactionTraceTest {

  /** How often what survives a crash is drawn, where that is by chance. */
  private static final int DRAWS = 16;

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open(BlobStoreOptions options) {
    return StoreFixture.open(disk, options);
  }

  // ---- what must leave a trace ----

  private static void assertAfterCrash(SimulatedDisk disk, int... absent) throws IOException {
    SimulatedDisk crashed = disk.afterCrash(Survival.ALL, 1);
    crashed.delete(LAYOUT.checkpoint());
    try (BlobStore store = StoreFixture.open(crashed, LAX)) {
      assertAbsent(store, absent);
    }
  }

  @Test
  void aTombstoneOutlivesCompactionAsLongAsAnOlderPutIsLeftAndNoLonger() throws IOException {
    try (BlobStore store = open(LAX)) {
      putAll(store, 0, 2 * FULL - 1, LENGTH);
      delete(store, 0); // in the second segment
      putAll(store, 2 * FULL - 1, 3 * FULL + 1, LENGTH);
      Path second = file(store, 7);
      assertEquals(1, StoreFiles.count(disk, second, RecordFormat.TOMBSTONE));
      delete(store, 8, 9, 10, 11, 12);
    }
    try (BlobStore store = open(STRICT)) {
      Path output = file(store, 7);
      assertEquals(List.of(7, 13), putsIn(disk, output));
      assertEquals(1, StoreFiles.count(disk, output, Footer.EVICTED), "one shadow, of key 0");
      assertAfterCrash(disk, 0);
      delete(store, 1, 2, 3, 4);
      assertFalse(putsIn(disk, file(store, 5)).contains(0), "the older put is gone");
      assertTrue(disk.exists(output), "and the shadow is still there");
      delete(store, 7);
      assertFalse(disk.exists(output));
      assertEquals(0, StoreFiles.countAll(disk, Footer.EVICTED));
      assertAfterCrash(disk, 0, 1, 2, 3, 4, 7);
      assertPresent(store, 5, 6, 13);
    }
    try (BlobStore store = open(LAX)) {
      assertAbsent(store, 0, 1, 2, 3, 4, 7);
      assertPresent(store, 5, 6, 13);
    }
  }

  /** In a cache the newest value may never reach the disk; the oldest must not come back for it. */
  @Test
  void aValueThatWasOverwrittenTwiceDoesNotComeBackWhenACrashTakesTheNewest() throws IOException {
    SimulatedDisk crashed;
    try (BlobStore store = open(lax(StoreMode.CACHE))) {
      putAll(store, 0, FULL, LENGTH);
      putAll(store, 0, 1, LENGTH - 1);
      putAll(store, FULL, 2 * FULL - 1, LENGTH);
      store.put(key(99), value(99, LENGTH)); // from here on, nothing reaches the disk
      Path second = file(store, 0);
      assertEquals(second, file(store, FULL));
      for (int i : new int[] {0, 7, 8, 9, 10, 11, 12}) {
        store.put(key(i), value(i, 100));
      }
      assertFalse(disk.exists(second), "nothing of it was live");
      assertEquals(1, StoreFiles.countAll(disk, Footer.EVICTED), "the shadow of key 0");
      crashed = disk.afterCrash(Survival.ALL, 1);
    }
    try (BlobStore store = StoreFixture.open(crashed, lax(StoreMode.CACHE))) {
      assertAbsent(store, 0, 7, 8, 9, 10, 11, 12);
      assertAll(store, 1, FULL, LENGTH);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true,true,false", "true,false,false", "false,true,false", "false,false,false",
    "true,true,true", "true,false,true", "false,true,true", "false,false,true"
  })
  void inputsThatACrashBroughtBackAreIgnoredAndRemoved(
      boolean both, boolean checkpoint, boolean listDamaged) throws IOException {
    List<Path> inputs = segmentWithItsTombstones(disk);
    List<byte[]> bytes = new ArrayList<>();
    for (Path input : inputs) {
      bytes.add(StoreFiles.read(disk, input));
    }
    Path output;
    try (BlobStore store = open(STRICT)) {
      output = file(store, 6);
      assertEquals(List.of(6, 7, 13), putsIn(disk, output));
      assertEquals(0, StoreFiles.count(disk, output, Footer.EVICTED), "no trace of a tombstone");
      assertEquals(2, StoreFiles.count(disk, output, Footer.REPLACED));
    }
    for (int i = 0; i < (both ? 2 : 1); i++) {
      assertFalse(disk.exists(inputs.get(i)));
      StoreFiles.write(disk, inputs.get(i), bytes.get(i));
    }
    if (!checkpoint) {
      disk.delete(LAYOUT.checkpoint());
    }
    if (listDamaged) { // the first record is the list of what it replaces; the footer has it, too
      StoreFixture.flip(disk, output, FileHeader.LENGTH, 0x01);
    }
    for (int i = 0; i < 2; i++) {
      try (BlobStore store = open(LAX)) {
        assertAbsent(store, 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12);
        assertPresent(store, 6, 7, 13);
        assertFalse(disk.exists(inputs.get(0)));
        assertFalse(disk.exists(inputs.get(1)));
        StoreInvariants.check(store, disk, ROOT);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Survival.class,
      names = {"ALL", "NONE", "SUBSET"})
  void aCrashAtAnyCallOfACompactionChangesNothingThatIsRead(Survival survival) throws IOException {
    segmentWithItsTombstones(disk);
    SimulatedDisk counted = disk.afterCrash(Survival.ALL, 1);
    BlobStore done = StoreFixture.open(counted, STRICT);
    long calls = counted.ioCalls();
    final Map<Integer, ByteBuffer> contents = contents(done, 3 * FULL);
    assertEquals(2, done.stats().segmentsCompacted());
    done.close();
    for (long call = 1; call <= calls; call++) {
      SimulatedDisk crashing = disk.afterCrash(Survival.ALL, 1);
      crashing.crashAt(call);
      try (BlobStore store = StoreFixture.open(crashing, STRICT)) {
        store.put(key(1_000), value(1, 10));
      } catch (SimulatedCrashException | BlobStoreException e) {
        // as it must be
      }
      assertTrue(crashing.hasCrashed());
      for (int draw = 0; draw < (survival == Survival.SUBSET ? DRAWS : 1); draw++) {
        assertContents(contents, crashing.afterCrash(survival, DRAWS * call + draw), call);
      }
    }
  }

  private static void assertContents(
      Map<Integer, ByteBuffer> contents, SimulatedDisk after, long call) throws IOException {
    for (BlobStoreOptions options : List.of(LAX, STRICT)) {
      try (BlobStore store = StoreFixture.open(after, options)) {
        assertEquals(contents, contents(store, 3 * FULL), "call " + call);
        StoreInvariants.check(store, after, ROOT);
      }
    }
  }
}
