package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.StoreMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StoreIdentityTest {

  private static final StoreLayout LAYOUT = new StoreLayout(Path.of("/store"));
  private static final StoreIdentity IDENTITY =
      StoreIdentity.cache(TestSegments.STORE, -3, 1L << 30);
  private static final int BYTES_THAT_MATTER = 128;

  private static SimulatedDisk emptyStore(long seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(seed);
    disk.createDirectories(LAYOUT.root());
    disk.syncDirectory(Path.of("/"));
    return disk;
  }

  private static ByteBuffer heapCopy() {
    byte[] block = new byte[Disk.BLOCK];
    IDENTITY.encode().get(0, block);
    return ByteBuffer.wrap(block);
  }

  @Test
  void readsWhatItWrote() throws IOException {
    UUID id = new UUID(-1, 1);
    for (StoreIdentity identity :
        List.of(
            StoreIdentity.durable(id, Long.MIN_VALUE),
            StoreIdentity.cache(id, 1, StoreIdentity.LEAST_MAX_BYTES),
            StoreIdentity.cache(id, 2, Long.MAX_VALUE))) {
      SimulatedDisk disk = emptyStore(0);
      identity.write(disk, LAYOUT);
      assertEquals(identity, StoreIdentity.read(disk, LAYOUT));
      assertEquals(List.of("STORE", "segments", "wal"), disk.list(LAYOUT.root()));
      assertEquals(Disk.BLOCK, disk.size(LAYOUT.store()));
      assertEquals(List.of(), disk.openHandles());
    }
  }

  @Test
  void everyFlippedBitIsCorruption() {
    byte[] block = heapCopy().array();
    for (int bit = 0; bit < BYTES_THAT_MATTER * 8; bit++) {
      ByteBuffer flipped = ByteBuffer.wrap(TestSegments.flip(block, bit));
      CorruptionException e =
          assertThrows(
              CorruptionException.class, () -> StoreIdentity.decode(flipped, LAYOUT.store()));
      assertEquals(LAYOUT.store(), e.file());
    }
  }

  @Test
  void aFileCutShortIsCorruption() {
    for (int length = 0; length < BYTES_THAT_MATTER; length++) {
      ByteBuffer cut = heapCopy().limit(length);
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> StoreIdentity.decode(cut, LAYOUT.store()));
      assertEquals(length, e.offset());
    }
  }

  @Test
  void aModeThatThereIsNotIsCorruption() {
    for (int mode : new int[] {0, 3, -1}) {
      ByteBuffer block = heapCopy().order(ByteOrder.LITTLE_ENDIAN);
      block.putInt(64, mode);
      block.putInt(124, Checksum.of(block.slice(64, 60)));
      CorruptionException e =
          assertThrows(
              CorruptionException.class, () -> StoreIdentity.decode(block, LAYOUT.store()));
      assertEquals(64, e.offset());
    }
  }

  @Test
  void aBoundOutOfRangeIsCorruption() {
    for (long bound : new long[] {0, -1, Long.MIN_VALUE, StoreIdentity.LEAST_MAX_BYTES - 1}) {
      assertBoundIsCorrupt(IDENTITY.withMaxBytes(bound).encode());
    }
    assertBoundIsCorrupt(new StoreIdentity(new UUID(1, 2), StoreMode.DURABLE, 3, 1).encode());
  }

  private static void assertBoundIsCorrupt(ByteBuffer block) {
    CorruptionException e =
        assertThrows(CorruptionException.class, () -> StoreIdentity.decode(block, LAYOUT.store()));
    assertEquals(LAYOUT.store(), e.file());
    assertEquals(80, e.offset());
    assertTrue(e.getMessage().contains("bound"), e::getMessage);
  }

  @Test
  void anotherVersionIsNotCorruption() {
    ByteBuffer block = heapCopy().order(ByteOrder.LITTLE_ENDIAN);
    block.putInt(FileHeader.VERSION_OFFSET, 2);
    block.putInt(
        FileHeader.CHECKSUM_OFFSET, Checksum.of(block.slice(0, FileHeader.CHECKSUM_OFFSET)));
    FormatVersionException e =
        assertThrows(
            FormatVersionException.class, () -> StoreIdentity.decode(block, LAYOUT.store()));
    assertEquals(2, e.found());
  }

  @Test
  void aSegmentIsNoStoreFile() throws IOException {
    ByteBuffer segment = ByteBuffer.wrap(Golden.segment());
    assertThrows(CorruptionException.class, () -> StoreIdentity.decode(segment, LAYOUT.store()));
  }

  @Test
  void aMissingFileIsNotCorruption() throws IOException {
    SimulatedDisk disk = emptyStore(0);
    assertThrows(NoSuchFileException.class, () -> StoreIdentity.read(disk, LAYOUT));
  }

  @Test
  void whatAFailedAttemptLeftIsReplaced() throws IOException {
    SimulatedDisk disk = emptyStore(0);
    Blocks.write(disk, LAYOUT.storeTemporary(), 1, 2, 3);
    IDENTITY.write(disk, LAYOUT);
    assertEquals(IDENTITY, StoreIdentity.read(disk, LAYOUT));
    assertFalse(disk.exists(LAYOUT.storeTemporary()));
  }

  /** A STORE that is there is whole, and so are the directories that it promises. */
  @Test
  void aCrashLeavesNoStoreOrAWholeOne() throws IOException {
    SimulatedDisk untouched = emptyStore(0);
    long before = untouched.ioCalls();
    IDENTITY.write(untouched, LAYOUT);
    long calls = untouched.ioCalls() - before;
    assertTrue(calls > 5, "crash points: " + calls);
    int whole = 0;
    int none = 0;
    for (long call = 1; call <= calls + 1; call++) {
      for (long seed = 0; seed < 200; seed++) {
        SimulatedDisk disk = emptyStore(seed);
        disk.crashAt(before + call);
        assertEquals(call <= calls, crashes(disk), "call " + call);
        for (Survival survival : Survival.values()) {
          SimulatedDisk after = disk.afterCrash(survival, seed);
          String where = "crash at call " + call + ", " + survival + ", seed " + seed;
          if (after.exists(LAYOUT.store())) {
            assertEquals(IDENTITY, StoreIdentity.read(after, LAYOUT), where);
            assertTrue(after.exists(LAYOUT.segments()), where);
            assertTrue(after.exists(LAYOUT.logs()), where);
            whole++;
          } else {
            assertTrue(call <= calls, "lost after the write had returned: " + where);
            assertEquals(List.of(), LAYOUT.strangers(after), where);
            IDENTITY.write(after, LAYOUT);
            assertEquals(IDENTITY, StoreIdentity.read(after, LAYOUT), where);
            none++;
          }
        }
      }
    }
    assertTrue(whole > 100 && none > 100, whole + " whole, " + none + " none");
  }

  /** A change of the bound must never cost the identity, without which nothing can be read. */
  @Test
  void aCrashDuringAChangeOfTheBoundLeavesTheOldBoundOrTheNew() throws IOException {
    StoreIdentity changed = IDENTITY.withMaxBytes(5L << 30);
    SimulatedDisk untouched = storeOf(IDENTITY, 0);
    long before = untouched.ioCalls();
    changed.replace(untouched, LAYOUT);
    long calls = untouched.ioCalls() - before;
    int old = 0;
    int fresh = 0;
    for (long call = 1; call <= calls + 1; call++) {
      for (long seed = 0; seed < 100; seed++) {
        SimulatedDisk disk = storeOf(IDENTITY, seed);
        disk.crashAt(before + call);
        try {
          changed.replace(disk, LAYOUT);
          assertTrue(call > calls);
        } catch (SimulatedCrashException e) {
          assertTrue(call <= calls);
        }
        for (Survival survival : Survival.values()) {
          StoreIdentity found = StoreIdentity.read(disk.afterCrash(survival, seed), LAYOUT);
          String where = "crash at call " + call + ", " + survival + ", seed " + seed;
          assertTrue(found.equals(changed) || (call <= calls && found.equals(IDENTITY)), where);
          old += found.equals(IDENTITY) ? 1 : 0;
          fresh += found.equals(changed) ? 1 : 0;
        }
      }
    }
    assertTrue(old > 100 && fresh > 100, old + " old, " + fresh + " new");
  }

  private static SimulatedDisk storeOf(StoreIdentity identity, long seed) throws IOException {
    SimulatedDisk disk = emptyStore(seed);
    identity.write(disk, LAYOUT);
    return disk;
  }

  private static boolean crashes(SimulatedDisk disk) throws IOException {
    try {
      IDENTITY.write(disk, LAYOUT);
      return false;
    } catch (SimulatedCrashException e) {
      return true;
    }
  }

  @Test
  void aFailureLeavesNoStoreAndNothingOpen() throws IOException {
    for (long call = 1; call <= 9; call++) {
      SimulatedDisk disk = emptyStore(call);
      disk.failAt(disk.ioCalls() + call, () -> new IOException("planted"));
      assertThrows(IOException.class, () -> IDENTITY.write(disk, LAYOUT));
      assertEquals(List.of(), disk.openHandles());
      IDENTITY.write(disk, LAYOUT);
      assertEquals(IDENTITY, StoreIdentity.read(disk, LAYOUT));
    }
  }
}
