package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreLockedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What {@link Disk} promises while nothing goes wrong, of any implementation. */
abstract class DiskContractTest {

  private static final int BLOCK = Disk.BLOCK;

  private Disk disk;
  private Path directory;
  private Path path;

  /** A disk, and an empty directory on it. */
  abstract Disk disk();

  abstract Path directory() throws IOException;

  @BeforeEach
  final void takeDisk() throws IOException {
    disk = disk();
    directory = directory();
    path = directory.resolve("a.seg");
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    try (DiskFile file = disk.create(path)) {
      assertEquals(path, file.path());
      assertEquals(0, file.size());
      ByteBuffer source = Blocks.of(1, 2, 3);
      file.write(source, 0);
      assertEquals(3 * BLOCK, source.position());
      assertEquals(3 * BLOCK, file.size());
      assertEquals(3 * BLOCK, disk.size(path));
      file.write(Blocks.of(4), BLOCK);
      file.force();
      assertEquals("1 4 3", Blocks.values(disk, path));
    }
    assertEquals("1 4 3", Blocks.values(disk, path));
  }

  @Test
  void readsNeedNoAlignment() throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(1, 2), 0);
      for (ByteBuffer destination :
          List.of(ByteBuffer.allocate(12), ByteBuffer.allocateDirect(12))) {
        destination.position(1).limit(11);
        assertEquals(10, file.read(destination, BLOCK - 3));
        assertEquals(11, destination.position());
        byte[] read = new byte[12];
        destination.clear().get(read);
        assertArrayEquals(new byte[] {0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 0}, read);
      }
    }
  }

  @Test
  void aReadEndsWhereTheFileEnds() throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(1), 0);
      ByteBuffer destination = ByteBuffer.allocate(100);
      assertEquals(6, file.read(destination, BLOCK - 6));
      assertEquals(6, destination.position());
      assertEquals(0, file.read(destination, BLOCK));
      assertEquals(0, file.read(destination, 10 * BLOCK));
      assertEquals(6, destination.position());
      assertThrows(IllegalArgumentException.class, () -> file.read(destination, -1));
    }
  }

  @Test
  void aReadSeesWhatAnotherHandleWroteBeforeIt() throws IOException {
    try (DiskFile writer = disk.create(path);
        DiskFile reader = disk.openForRead(path)) {
      for (int value = 1; value < 50; value++) {
        long position = value % 3 * (long) BLOCK;
        writer.write(Blocks.of(value), position);
        ByteBuffer destination = ByteBuffer.allocate(1);
        reader.read(destination, position + 17);
        assertEquals(value, destination.get(0));
        writer.read(destination.clear(), position + 18);
        assertEquals(value, destination.get(0));
      }
    }
  }

  @Test
  void blocksThatWereSkippedAreZero() throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(7), 2 * BLOCK);
      assertEquals(3 * BLOCK, file.size());
      assertEquals("0 0 7", Blocks.values(disk, path));
    }
  }

  @Test
  void anEmptyWriteChangesNothing() throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(), 4 * BLOCK);
      assertEquals(0, file.size());
    }
  }

  @Test
  void writesThatAreNotOfAlignedBlocksAreRefused() throws IOException {
    try (DiskFile file = disk.create(path)) {
      List<Executable> writes =
          List.of(
              () -> file.write(ByteBuffer.allocate(BLOCK), 0),
              () -> file.write(Blocks.of(1).limit(BLOCK - 1), 0),
              () -> file.write(Blocks.of(1), 512),
              () -> file.write(Blocks.of(1), -BLOCK),
              () -> file.write(Blocks.of(1, 2).position(8).limit(BLOCK + 8), 0));
      writes.forEach(write -> assertThrows(IllegalArgumentException.class, write));
      assertEquals(0, file.size());
      file.write(Blocks.of(1, 2, 3).position(BLOCK).limit(2 * BLOCK), 0);
      assertEquals("2", Blocks.values(disk, path));
    }
  }

  @Test
  void aCutFileIsShorterAndZeroWhereItGrowsAgain() throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(1, 2, 3), 0);
      assertThrows(IllegalArgumentException.class, () -> file.truncate(4 * BLOCK));
      assertThrows(IllegalArgumentException.class, () -> file.truncate(512));
      assertThrows(IllegalArgumentException.class, () -> file.truncate(-BLOCK));
      file.truncate(3 * BLOCK);
      assertEquals("1 2 3", Blocks.values(disk, path));
      file.truncate(BLOCK);
      assertEquals("1", Blocks.values(disk, path));
      file.write(Blocks.of(4), 2 * BLOCK);
      assertEquals("1 0 4", Blocks.values(disk, path));
    }
  }

  @Test
  void createRefusesAFileThatIsThere() throws IOException {
    Blocks.write(disk, path, 1);
    assertThrows(FileAlreadyExistsException.class, () -> disk.create(path));
    assertEquals("1", Blocks.values(disk, path));
  }

  @Test
  void openKeepsWhatIsThere() throws IOException {
    Blocks.write(disk, path, 1, 2);
    try (DiskFile file = disk.open(path)) {
      file.write(Blocks.of(3), BLOCK);
    }
    assertEquals("1 3", Blocks.values(disk, path));
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    List<Executable> calls =
        List.of(
            () -> disk.open(path),
            () -> disk.openForRead(path),
            () -> disk.size(path),
            () -> disk.map(path, 0, 1),
            () -> disk.rename(path, directory.resolve("b")),
            () -> disk.syncDirectory(path),
            () -> disk.usableSpace(path));
    for (Executable call : calls) {
      NoSuchFileException e = assertThrows(NoSuchFileException.class, call);
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
    Path lost = directory.resolve("missing").resolve("a");
    assertThrows(NoSuchFileException.class, () -> disk.create(lost));
    assertFalse(disk.exists(lost));
    assertEquals(List.of(), disk.list(lost));
  }

  @Test
  void aFileOpenForReadingCannotBeChanged() throws IOException {
    Blocks.write(disk, path, 1);
    try (DiskFile file = disk.openForRead(path)) {
      assertThrows(IllegalStateException.class, () -> file.write(Blocks.of(2), 0));
      assertThrows(IllegalStateException.class, () -> file.truncate(0));
      assertThrows(IllegalStateException.class, file::force);
    }
    assertEquals("1", Blocks.values(disk, path));
  }

  @Test
  void aClosedFileRefusesEveryCall() throws IOException {
    DiskFile file = disk.create(path);
    file.close();
    file.close();
    List<Executable> calls =
        List.of(
            () -> file.write(Blocks.of(1), 0),
            () -> file.read(ByteBuffer.allocate(1), 0),
            () -> file.truncate(0),
            file::force,
            file::size);
    for (Executable call : calls) {
      IOException e = assertThrows(IOException.class, call);
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
    assertEquals(0, disk.size(path));
  }

  @Test
  void directoriesAreMadeWithTheirParentsAndListedInOrder() throws IOException {
    Path inner = directory.resolve("x").resolve("y");
    disk.createDirectories(inner);
    disk.createDirectories(inner);
    assertTrue(disk.exists(inner));
    for (String name : List.of("b", "a", "10", "9")) {
      Blocks.write(disk, inner.resolve(name));
    }
    assertEquals(List.of("10", "9", "a", "b"), disk.list(inner));
    assertEquals(List.of("x"), disk.list(directory));
    assertThrows(IOException.class, () -> disk.list(inner.resolve("a")));
    assertThrows(
        FileAlreadyExistsException.class, () -> disk.createDirectories(inner.resolve("a")));
    disk.syncDirectory(inner);
    disk.syncDirectory(directory);
  }

  @Test
  void aRenameReplacesWhatHadTheName() throws IOException {
    Path other = directory.resolve("b.seg");
    Blocks.write(disk, path, 1);
    Blocks.write(disk, other, 2);
    disk.rename(path, other);
    assertEquals(List.of("b.seg"), disk.list(directory));
    assertEquals("1", Blocks.values(disk, other));
    assertFalse(disk.exists(path));
    disk.rename(other, other);
    assertEquals("1", Blocks.values(disk, other));
  }

  @Test
  void aDeletedFileIsGoneAndMayBeDeletedAgain() throws IOException {
    Blocks.write(disk, path, 1);
    disk.delete(path);
    disk.delete(path);
    assertFalse(disk.exists(path));
    Blocks.write(disk, path, 2);
    assertEquals("2", Blocks.values(disk, path));
  }

  @Test
  void onlyAnEmptyDirectoryIsDeleted() throws IOException {
    Path inner = directory.resolve("x");
    disk.createDirectories(inner);
    Blocks.write(disk, inner.resolve("a"));
    assertThrows(DirectoryNotEmptyException.class, () -> disk.delete(inner));
    disk.delete(inner.resolve("a"));
    disk.delete(inner);
    assertFalse(disk.exists(inner));
  }

  @Test
  void aMappingShowsAPartOfTheFile() throws IOException {
    Blocks.write(disk, path, 1, 2);
    Mapping mapping = disk.map(path, BLOCK - 8, 24);
    ByteBuffer buffer = mapping.buffer();
    assertSame(buffer, mapping.buffer());
    assertTrue(buffer.isDirect());
    assertTrue(buffer.isReadOnly());
    assertSame(ByteOrder.LITTLE_ENDIAN, buffer.order());
    assertEquals(0, buffer.position());
    assertEquals(24, buffer.limit());
    assertEquals(0x0101010101010101L, buffer.getLong(0));
    assertEquals(0x0202020202020202L, buffer.getLong(8));
    mapping.unmap();
    mapping.unmap();
    assertThrows(IllegalStateException.class, mapping::buffer);
  }

  @Test
  void aMappingOutlivesItsName() throws IOException {
    Blocks.write(disk, path, 5);
    Mapping mapping = disk.map(path, 0, BLOCK);
    disk.delete(path);
    assertEquals(5, mapping.buffer().get(BLOCK - 1));
    mapping.unmap();
  }

  @Test
  void aMappingMustLieWithinTheFile() throws IOException {
    Blocks.write(disk, path, 1, 2);
    disk.map(path, 0, 2 * BLOCK).unmap();
    IOException e = assertThrows(IOException.class, () -> disk.map(path, 8, 2 * BLOCK));
    assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    assertThrows(IOException.class, () -> disk.map(path, Long.MAX_VALUE - 7, 8));
    List<Executable> maps =
        List.of(
            () -> disk.map(path, 0, 0),
            () -> disk.map(path, 0, 1L << 31),
            () -> disk.map(path, -8, 8));
    maps.forEach(map -> assertThrows(IllegalArgumentException.class, map));
  }

  @Test
  void aLockExcludesUntilItIsClosed() throws IOException {
    Path lockFile = directory.resolve("LOCK");
    Closeable lock = disk.lock(lockFile);
    StoreLockedException e = assertThrows(StoreLockedException.class, () -> disk.lock(lockFile));
    assertTrue(e.getMessage().contains(lockFile.toString()), e.getMessage());
    assertThrows(StoreLockedException.class, () -> disk.lock(lockFile));
    lock.close();
    assertTrue(disk.exists(lockFile));
    Closeable again = disk.lock(lockFile);
    lock.close();
    assertThrows(StoreLockedException.class, () -> disk.lock(lockFile));
    again.close();
    disk.lock(lockFile).close();
  }

  @Test
  void thereIsSpaceLeft() throws IOException {
    assertTrue(disk.usableSpace(directory) > 0);
  }

  @Test
  void anInterruptFromBeforeDisturbsNoCall() throws IOException {
    Thread.currentThread().interrupt();
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(1, 2), 0);
      file.truncate(BLOCK);
      file.force();
      assertEquals(BLOCK, file.size());
      assertEquals("1", Blocks.values(disk, path));
      disk.map(path, 0, BLOCK).unmap();
      disk.syncDirectory(directory);
      disk.lock(directory.resolve("LOCK")).close();
      assertTrue(Thread.currentThread().isInterrupted());
    } finally {
      Thread.interrupted();
    }
  }
}
