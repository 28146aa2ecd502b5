package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Numbered calls, faults, space and handles; crashes have tests of their own. */
class SimulatedDiskTest {

  private static final int BLOCK = Disk.BLOCK;
  private static final Path STORE = Path.of("/store");
  private static final Path A = STORE.resolve("a");
  private static final Path B = STORE.resolve("b");

  private final SimulatedDisk disk = new SimulatedDisk();

  @BeforeEach
  void createStore() throws IOException {
    disk.createDirectories(STORE);
  }

  @Test
  void everyCallThatCanChangeTheDiskIsNumbered() throws IOException {
    assertEquals(1, disk.ioCalls());
    try (DiskFile file = disk.create(A)) {
      file.write(Blocks.of(1, 2), 0);
      file.truncate(BLOCK);
      file.force();
    }
    disk.rename(A, B);
    disk.delete(B);
    disk.delete(B);
    disk.syncDirectory(STORE);
    disk.lock(STORE.resolve("LOCK")).close();
    assertEquals(10, disk.ioCalls());
    assertEquals(
        List.of(
            "1 create directories /store",
            "2 create /store/a",
            "3 write 8192 bytes at 0 of /store/a",
            "4 cut to 4096 bytes /store/a",
            "5 force /store/a",
            "6 rename /store/a to /store/b",
            "7 delete /store/b",
            "8 delete /store/b",
            "9 sync directory /store",
            "10 lock /store/LOCK"),
        disk.history());
  }

  @Test
  void callsThatOnlyLookAreNotNumbered() throws IOException {
    Blocks.write(disk, A, 1);
    long calls = disk.ioCalls();
    disk.exists(A);
    disk.list(STORE);
    disk.size(A);
    disk.usableSpace(STORE);
    disk.map(A, 0, 8).unmap();
    disk.open(A).close();
    Blocks.read(disk, A);
    assertEquals(calls, disk.ioCalls());
  }

  @Test
  void fromTheCrashOnEveryCallThrows() throws IOException {
    Blocks.write(disk, A, 1);
    DiskFile file = disk.open(A);
    Mapping mapping = disk.map(A, 0, 8);
    Closeable lock = disk.lock(STORE.resolve("LOCK"));
    disk.crashAt(disk.ioCalls() + 2);
    file.force();
    assertFalse(disk.hasCrashed());
    assertThrows(SimulatedCrashException.class, file::force);
    assertTrue(disk.hasCrashed());
    List<Executable> calls =
        List.of(
            () -> file.write(Blocks.of(1), 0),
            () -> file.read(ByteBuffer.allocate(1), 0),
            () -> file.truncate(0),
            file::force,
            file::size,
            () -> disk.createDirectories(STORE),
            () -> disk.exists(A),
            () -> disk.list(STORE),
            () -> disk.size(A),
            () -> disk.create(A),
            () -> disk.open(A),
            () -> disk.openForRead(A),
            () -> disk.map(A, 0, 8),
            () -> disk.rename(A, B),
            () -> disk.delete(A),
            () -> disk.syncDirectory(STORE),
            () -> disk.usableSpace(STORE),
            () -> disk.lock(A));
    calls.forEach(call -> assertThrows(SimulatedCrashException.class, call));
    file.close();
    mapping.unmap();
    lock.close();
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void aCallFailsOnceOrForEver() throws IOException {
    IOException once = new IOException("once");
    disk.failAt(3, () -> once);
    disk.failFrom(5, () -> new IOException("for ever"));
    try (DiskFile file = disk.create(A)) {
      assertSame(once, assertThrows(IOException.class, () -> file.write(Blocks.of(1), 0)));
      file.write(Blocks.of(2), 0);
      assertThrows(IOException.class, () -> file.write(Blocks.of(3), 0));
      assertThrows(IOException.class, file::force);
      assertThrows(IOException.class, () -> disk.delete(B));
    }
    assertThrows(IllegalArgumentException.class, () -> disk.failAt(3, () -> once));
  }

  @Test
  void aFailingWriteLeavesSomeOfItsFirstSectors() throws IOException {
    Set<Integer> left = new HashSet<>();
    for (int seed = 0; seed < 500; seed++) {
      SimulatedDisk faulty = new SimulatedDisk(seed);
      try (DiskFile file = faulty.create(Path.of("/a"))) {
        file.write(Blocks.of(1, 1), 0);
        faulty.failAt(faulty.ioCalls() + 1, () -> new DiskFullException("full"));
        ByteBuffer source = Blocks.of(2, 2);
        assertThrows(DiskFullException.class, () -> file.write(source, 0));
        assertEquals(0, source.position());
      }
      byte[] bytes = Blocks.read(faulty, Path.of("/a"));
      int written = 0;
      while (written < bytes.length && bytes[written] == 2) {
        written++;
      }
      for (int at = written; at < bytes.length; at++) {
        assertEquals(1, bytes[at]);
      }
      assertEquals(0, written % Content.SECTOR);
      left.add(written / Content.SECTOR);
    }
    assertEquals(17, left.size());
  }

  @Test
  void aFailingCallOtherThanAWriteHasNoEffect() throws IOException {
    Blocks.write(disk, A, 1, 2);
    long calls = disk.ioCalls();
    for (int i = 1; i <= 5; i++) {
      disk.failAt(calls + i, () -> new IOException("Input/output error"));
    }
    assertThrows(IOException.class, () -> disk.create(B));
    assertThrows(IOException.class, () -> disk.rename(A, B));
    assertThrows(IOException.class, () -> disk.delete(A));
    assertThrows(IOException.class, () -> disk.lock(B));
    try (DiskFile file = disk.open(A)) {
      assertThrows(IOException.class, () -> file.truncate(0));
    }
    assertEquals(List.of("a"), disk.list(STORE));
    assertEquals("1 2", Blocks.values(disk, A));
    assertEquals(2 * BLOCK, disk.usedSpace());
  }

  @Test
  void aFullDiskTakesWhatFitsAndSpaceComesBack() throws IOException {
    disk.capacity(4 * BLOCK);
    Blocks.write(disk, A, 1, 2, 3);
    assertEquals(BLOCK, disk.usableSpace(STORE));
    try (DiskFile file = disk.create(B)) {
      DiskFullException e =
          assertThrows(DiskFullException.class, () -> file.write(Blocks.of(4, 5), 0));
      assertTrue(e.getMessage().contains("/store/b"), e.getMessage());
      assertEquals("4", Blocks.values(disk, B));
      assertEquals(0, disk.usableSpace(STORE));
      file.write(Blocks.of(6), 0);
      disk.delete(A);
      file.write(Blocks.of(7, 8), 0);
      assertEquals(2 * BLOCK, disk.usableSpace(STORE));
      file.truncate(0);
      assertEquals(0, disk.usedSpace());
      file.write(Blocks.of(1, 2), 0);
    }
    Blocks.write(disk, A, 9);
    disk.rename(B, A);
    assertEquals(2 * BLOCK, disk.usedSpace());
    assertEquals(2 * BLOCK, disk.afterCrash(Survival.ALL, 1).usedSpace());
    assertEquals(0, disk.afterCrash(Survival.NONE, 1).usedSpace());
  }

  @Test
  void whatIsNotGivenBackIsListed() throws IOException {
    DiskFile written = disk.create(A);
    written.write(Blocks.of(1), 0);
    DiskFile read = disk.openForRead(A);
    Mapping mapping = disk.map(A, 8, 16);
    Closeable lock = disk.lock(STORE.resolve("LOCK"));
    assertEquals(
        List.of(
            "file /store/a open for writing",
            "file /store/a open for reading",
            "mapping of 16 bytes at 8 of /store/a",
            "lock of /store/LOCK"),
        disk.openHandles());
    written.close();
    read.close();
    mapping.unmap();
    lock.close();
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void aFileOpenForWritingIsNeitherRenamedNorDeleted() throws IOException {
    Blocks.write(disk, B, 1);
    try (DiskFile file = disk.create(A)) {
      assertThrows(IllegalStateException.class, () -> disk.rename(A, B));
      assertThrows(IllegalStateException.class, () -> disk.rename(B, file.path()));
      assertThrows(IllegalStateException.class, () -> disk.delete(A));
    }
    disk.rename(A, B);
  }

  @Test
  void aPartThatIsMappedIsNotChanged() throws IOException {
    Blocks.write(disk, A, 1, 2, 3);
    Mapping mapping = disk.map(A, BLOCK + 8, 16);
    try (DiskFile file = disk.open(A)) {
      file.write(Blocks.of(4), 0);
      file.write(Blocks.of(5), 2 * BLOCK);
      file.truncate(2 * BLOCK);
      assertThrows(IllegalStateException.class, () -> file.write(Blocks.of(6), BLOCK));
      assertThrows(IllegalStateException.class, () -> file.truncate(BLOCK));
      mapping.unmap();
      file.write(Blocks.of(6), BLOCK);
    }
    assertEquals("4 6", Blocks.values(disk, A));
  }

  @Test
  void anUnmappedBufferHoldsGarbage() throws IOException {
    Blocks.write(disk, A, 1);
    Mapping mapping = disk.map(A, 0, BLOCK);
    ByteBuffer kept = mapping.buffer();
    assertEquals(1, kept.get(0));
    mapping.unmap();
    assertEquals((byte) 0xDB, kept.get(0));
    assertEquals((byte) 0xDB, kept.get(BLOCK - 1));
  }
}
