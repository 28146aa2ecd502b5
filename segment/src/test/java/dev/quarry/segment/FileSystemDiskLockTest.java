package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.StoreLockedException;
import java.io.Closeable;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemDiskLockTest {

  private static final int FREE = 10;
  private static final int LOCKED = 11;

  @TempDir private Path directory;

  /** Another process: tells by its exit code whether it got the lock. */
  static final class Other {
    public static void main(String[] arguments) throws Exception {
      try {
        new FileSystemDisk().lock(Path.of(arguments[0])).close();
      } catch (StoreLockedException e) {
        System.exit(LOCKED);
      }
      System.exit(FREE);
    }
  }

  private static int askOther(Path lockFile) throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                lockFile.toString())
            .inheritIO()
            .start();
    if (!other.waitFor(120, TimeUnit.SECONDS)) {
      other.destroyForcibly();
    }
    return other.waitFor();
  }

  @Test
  void aLockHoldsAgainstOtherProcessesEvenAfterAnAttemptInThisOne() throws Exception {
    Path lockFile = directory.resolve("LOCK");
    Closeable lock = new FileSystemDisk().lock(lockFile);
    assertThrows(StoreLockedException.class, () -> new FileSystemDisk().lock(lockFile));
    assertEquals(LOCKED, askOther(lockFile));
    lock.close();
    assertEquals(FREE, askOther(lockFile));
  }

  @Test
  void aLockHoldsUnderEveryNameOfItsFile() throws Exception {
    Path link = directory.resolve("link");
    Path store = Files.createDirectory(directory.resolve("store"));
    Files.createSymbolicLink(link, store);
    Closeable lock = new FileSystemDisk().lock(store.resolve("LOCK"));
    assertThrows(StoreLockedException.class, () -> new FileSystemDisk().lock(link.resolve("LOCK")));
    assertEquals(LOCKED, askOther(store.resolve("LOCK")));
    lock.close();
    new FileSystemDisk().lock(link.resolve("LOCK")).close();
  }

  @Test
  void aLockThatOtherCodeHoldsIsRespected() throws Exception {
    Path lockFile = directory.resolve("LOCK");
    try (FileChannel channel =
        FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock();
      assertThrows(StoreLockedException.class, () -> new FileSystemDisk().lock(lockFile));
    }
    new FileSystemDisk().lock(lockFile).close();
  }
}
