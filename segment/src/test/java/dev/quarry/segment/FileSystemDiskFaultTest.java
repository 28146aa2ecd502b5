package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the file system may answer other than success, played by channels that lie. */
class FileSystemDiskFaultTest {

  /** What one write does instead of all it should. */
  private interface Answer {
    int to(Path path, ByteBuffer source, long position) throws IOException;
  }

  @TempDir private Path directory;

  private final ArrayDeque<Answer> answers = new ArrayDeque<>();
  private final List<Boolean> directWrites = new ArrayList<>();

  /** A disk whose first writes are answered as queued. */
  private FileSystemDisk disk() {
    return new FileSystemDisk(
        (path, options) -> {
          boolean direct = options.contains(DirectOption.DIRECT);
          FileChannel channel = FileChannel.open(path, options);
          return new FilterFileChannel(channel) {
            @Override
            public int write(ByteBuffer source, long position) throws IOException {
              directWrites.add(direct);
              Answer answer = answers.poll();
              return answer == null
                  ? super.write(source, position)
                  : answer.to(path, source, position);
            }
          };
        });
  }

  private static Answer failure(String message) {
    return (path, source, position) -> {
      throw new IOException(message);
    };
  }

  private static Answer shortWrite(int bytes) {
    return (path, source, position) -> {
      ByteBuffer part = source.duplicate().limit(source.position() + bytes);
      source.position(source.position() + bytes);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        return channel.write(part, position);
      }
    };
  }

  @Test
  void aShortWriteIsContinued() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      answers.add(shortWrite(Disk.BLOCK));
      answers.add(shortWrite(2 * Disk.BLOCK));
      file.write(Blocks.of(1, 2, 3, 4), 0);
    }
    assertEquals(3, directWrites.size());
    assertEquals("1 2 3 4", Blocks.values(disk(), path));
  }

  @Test
  void aWriteThatEndsInsideABlockIsContinuedThroughThePageCache() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      answers.add(shortWrite(Disk.BLOCK + 1152));
      file.write(Blocks.of(1, 2, 3), 0);
      assertFalse(((DirectFile) file).isDirect());
    }
    assertFalse(directWrites.get(1));
    assertEquals("1 2 3", Blocks.values(disk(), path));
  }

  @Test
  void aWriteWithoutProgressIsAnError() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      file.write(Blocks.of(1), 0);
      answers.add((unused, source, position) -> 0);
      ByteBuffer source = Blocks.of(2);
      IOException e = assertThrows(IOException.class, () -> file.write(source, Disk.BLOCK));
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
      assertTrue(e.getMessage().contains("4096 bytes at 4096"), e.getMessage());
      assertEquals(0, source.position());
    }
  }

  @Test
  void aDiskWithoutDirectWritesIsWrittenThroughThePageCache() throws IOException {
    for (Exception refusal :
        List.of(new IOException("Invalid argument"), new UnsupportedOperationException())) {
      FileSystemDisk disk =
          new FileSystemDisk(
              (path, options) -> {
                if (!options.contains(DirectOption.DIRECT)) {
                  return FileChannel.open(path, options);
                }
                if (refusal instanceof IOException e) {
                  throw e;
                }
                throw (UnsupportedOperationException) refusal;
              });
      Path path = directory.resolve(refusal.getClass().getName());
      try (DiskFile file = disk.create(path)) {
        assertFalse(((DirectFile) file).isDirect());
        file.write(Blocks.of(1, 2), 0);
        file.force();
      }
      assertEquals("1 2", Blocks.values(disk, path));
    }
  }

  @Test
  void aRefusalOfTheFirstDirectWriteIsOvercome() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      answers.add(failure("Invalid argument"));
      file.write(Blocks.of(1, 2), 0);
      file.write(Blocks.of(3), Disk.BLOCK);
    }
    assertEquals(List.of(true, false, false), directWrites);
    assertEquals("1 3", Blocks.values(disk(), path));
  }

  @Test
  void aLaterFailureIsNotTakenForARefusal() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      file.write(Blocks.of(1), 0);
      answers.add(failure("Input/output error"));
      IOException e = assertThrows(IOException.class, () -> file.write(Blocks.of(2), 0));
      assertTrue(e.getMessage().contains(path + ": Input/output error"), e.getMessage());
      assertFalse(e instanceof DiskFullException);
      file.write(Blocks.of(3), 0);
    }
    assertEquals(List.of(true, true, true), directWrites);
    assertEquals("3", Blocks.values(disk(), path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"No space left on device", "Disk quota exceeded", "File too large"})
  void aLackOfSpaceHasATypeOfItsOwn(String message) throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      answers.add(failure(message));
      ByteBuffer source = Blocks.of(1, 2);
      DiskFullException e =
          assertThrows(DiskFullException.class, () -> file.write(source, 5 * Disk.BLOCK));
      assertTrue(e.getMessage().contains(path + ": " + message), e.getMessage());
      assertTrue(e.getMessage().contains("8192 bytes at 20480"), e.getMessage());
      assertEquals(0, source.position());
      file.write(source, 0);
    }
  }

  @Test
  void aLackOfSpaceForADirectoryIsRecognisedToo() {
    FileSystemException full = new FileSystemException("a", null, "No space left on device");
    IOException named = DiskErrors.named("cannot create", Path.of("a"), full);
    assertEquals(DiskFullException.class, named.getClass());
    assertEquals("cannot create a: No space left on device", named.getMessage());
  }

  @Test
  void aSyncOfADirectoryThatFindsNoSpaceIsAFailureLikeAnyOther() {
    Disk full =
        new FileSystemDisk(
            (path, options) -> {
              throw new FileSystemException(path.toString(), null, "No space left on device");
            });
    IOException e = assertThrows(IOException.class, () -> full.syncDirectory(directory));
    assertFalse(e instanceof DiskFullException, "it is no use to make room and try again");
    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
  }

  @Test
  void aFileThatCannotBeOpenedIsNotLeftBehind() {
    FileSystemDisk disk =
        new FileSystemDisk(
            (path, options) -> {
              throw new IOException("Too many open files");
            });
    Path path = directory.resolve("a");
    IOException e = assertThrows(IOException.class, () -> disk.create(path));
    assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    assertFalse(Files.exists(path));
  }

  /**
   * As where the device has blocks of more than 4096 bytes, and the first write was of whole ones.
   */
  @Test
  void aLaterRefusalOfADirectWriteIsOvercomeToo() throws IOException {
    Path path = directory.resolve("a");
    try (DiskFile file = disk().create(path)) {
      file.write(Blocks.of(1, 2), 0);
      answers.add(failure("Invalid argument"));
      file.write(Blocks.of(3), Disk.BLOCK);
      file.write(Blocks.of(4), 2 * Disk.BLOCK);
    }
    assertEquals(List.of(true, true, false, false), directWrites);
    assertEquals("1 3 4", Blocks.values(disk(), path));
  }

  /** As some network file systems do, and those of some programs (FUSE). */
  @ParameterizedTest
  @ValueSource(strings = {"Invalid argument", "Bad file descriptor", "Operation not supported"})
  void aFileSystemThatCannotSyncDirectoriesIsToldFromOneThatFailed(String message) {
    Disk disk =
        new FileSystemDisk(
            (path, options) ->
                new FilterFileChannel(FileChannel.open(path, options)) {
                  @Override
                  public void force(boolean metadata) throws IOException {
                    throw new IOException(message);
                  }
                });
    var e =
        assertThrows(DirectorySyncUnsupportedException.class, () -> disk.syncDirectory(directory));
    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void aReadOnlyFileSystemIsNamedAsTheReason() {
    FileSystemException refused = new FileSystemException("a", null, "Read-only file system");
    IOException named = DiskErrors.named("cannot create", Path.of("a"), refused);
    assertEquals("a: the file system is read-only; mount it for writing", named.getMessage());
  }

  @Test
  void aPermissionThatIsMissingIsNamedWithThePathItIsMissingOn() throws IOException {
    Path closed = Files.createDirectory(directory.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-x------"));
    try {
      assumeFalse(Files.isWritable(closed), "permissions do not bind the superuser");
      IOException e = assertThrows(IOException.class, () -> disk().create(closed.resolve("a")));
      assertInstanceOf(DiskShortageException.class, e);
      assertTrue(e.getMessage().endsWith("create, rename or delete files in " + closed));
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }
  }
}
