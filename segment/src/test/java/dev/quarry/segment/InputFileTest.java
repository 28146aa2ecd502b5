package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.FileChangedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFileTest {

  private static final int LENGTH = 300_000;
  private static final int PART = 100_000;

  @TempDir Path directory;
  private final byte[] bytes = new byte[LENGTH];
  private Path file;

  @BeforeEach
  void write() throws IOException {
    new Random(1).nextBytes(bytes);
    file = Files.write(directory.resolve("file"), bytes);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
  }

  private interface Change {
    void make() throws IOException;
  }

  /** Reads a part, makes a change, and reads what is left to the end. */
  private byte[] read(Path path, boolean direct, Change change) throws IOException {
    ByteBuffer buffer =
        direct ? ByteBuffer.allocateDirect(3 * LENGTH) : ByteBuffer.allocate(3 * LENGTH);
    try (InputFile input = InputFile.open(path)) {
      assertEquals(Files.size(path), input.size());
      buffer.limit(Math.min(PART, (int) input.size()));
      while (buffer.hasRemaining()) {
        assertTrue(input.read(buffer) > 0);
      }
      change.make();
      buffer.limit(buffer.capacity());
      int read;
      do {
        read = input.read(buffer);
      } while (read >= 0);
    }
    byte[] whole = new byte[buffer.position()];
    buffer.get(0, whole);
    return whole;
  }

  @Test
  void aFileIsReadFromItsBeginningToItsEnd() throws IOException {
    assertArrayEquals(bytes, read(file, true, () -> {}));
    assertArrayEquals(bytes, read(file, false, () -> {}));
    Files.write(file, new byte[0]);
    assertArrayEquals(new byte[0], read(file, true, () -> {}));
  }

  private void assertNoticed(String reason, Change change) {
    FileChangedException e =
        assertThrows(FileChangedException.class, () -> read(file, true, change));
    assertEquals(file.toString(), e.getFile());
    assertTrue(e.getMessage().contains(reason), e::getMessage);
  }

  @Test
  void aFileThatIsCutShortIsNoticed() {
    assertNoticed("size changed", () -> truncate(200_000));
  }

  @Test
  void aFileThatIsCutToNothingIsNoticed() {
    assertNoticed("size changed", () -> truncate(0));
  }

  private void truncate(long size) throws IOException {
    try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  @Test
  void aFileThatGrowsIsNoticed() {
    assertNoticed("size changed", () -> Files.write(file, bytes, StandardOpenOption.APPEND));
  }

  @Test
  void aFileThatIsOverwrittenIsNoticed() {
    assertNoticed("modified", () -> Files.write(file, new byte[LENGTH]));
  }

  /** Whoever wrote to it set its time to what it was, and another file took its name. */
  @Test
  void aFileThatIsReplacedIsNoticed() {
    assertNoticed(
        "another file",
        () -> {
          Path other = Files.write(directory.resolve("other"), bytes);
          Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
          Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        });
  }

  @Test
  void aFileThatIsDeletedIsNoticed() {
    assertThrows(NoSuchFileException.class, () -> read(file, true, () -> Files.delete(file)));
  }

  @Test
  void anInterruptDoesNotDisturbIt() throws IOException {
    Thread.currentThread().interrupt();
    assertArrayEquals(bytes, read(file, true, () -> Thread.currentThread().interrupt()));
    assertTrue(Thread.interrupted());
  }

  @Test
  void whatIsNoRegularFileIsRefusedByName() {
    FileSystemException e =
        assertThrows(FileSystemException.class, () -> InputFile.open(directory));
    assertEquals(directory.toString(), e.getFile());
    assertThrows(
        FileSystemException.class, () -> InputFile.open(directory.resolve("missing")).close());
  }

  @Test
  void aFileOfAnotherFileSystemIsRead() throws IOException {
    Path archive = directory.resolve("archive.zip");
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Files.write(zip.getPath("/entry"), bytes);
    }
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of())) {
      assertArrayEquals(bytes, read(zip.getPath("/entry"), true, () -> {}));
    }
  }
}
