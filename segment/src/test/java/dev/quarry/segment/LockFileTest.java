package dev.quarry.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreLockedException;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What else may be done with a lock's file while the lock is held. */
class LockFileTest {

  private static final int FREE = 10;
  private static final int LOCKED = 11;

  @TempDir private Path directory;

  private Path file;
  private StoreLock lock;

  /** Another process: tells by its exit code whether it got the lock, and by whom it is held. */
  static final class Other {
    public static void main(String[] arguments) throws Exception {
      try {
        new FileSystemDisk().lock(Path.of(arguments[0])).close();
      } catch (StoreLockedException e) {
        System.out.println(e.getMessage());
        System.exit(LOCKED);
      }
      System.exit(FREE);
    }
  }

  private record Answer(int code, String said) {}

  private static Answer askOther(Path lockFile) throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                lockFile.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = new String(other.getInputStream().readAllBytes(), UTF_8);
    if (!other.waitFor(120, TimeUnit.SECONDS)) {
      other.destroyForcibly();
    }
    return new Answer(other.waitFor(), said);
  }

  private static URLClassLoader anotherLoader() throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  /** Locks a file by the classes of another loader; returns the name of what that throws. */
  private static String lockBy(ClassLoader loader, Path lockFile) throws Exception {
    Class<?> disk = loader.loadClass(FileSystemDisk.class.getName());
    try {
      Object held =
          disk.getMethod("lock", Path.class)
              .invoke(disk.getDeclaredConstructor().newInstance(), lockFile);
      ((Closeable) held).close();
      return "nothing";
    } catch (InvocationTargetException e) {
      return e.getCause().getClass().getName();
    }
  }

  @BeforeEach
  void lockAFile() throws IOException {
    file = Files.createDirectory(directory.resolve("store")).resolve("LOCK");
    lock = new FileSystemDisk().lock(file);
  }

  @AfterEach
  void leaveNothingBehind() throws IOException {
    lock.close();
    assertEquals(
        List.of(),
        System.getProperties().stringPropertyNames().stream()
            .filter(name -> name.startsWith("dev.quarry."))
            .toList());
  }

  @Test
  void anotherClassLoadersAttemptLeavesTheLockHeld() throws Exception {
    try (URLClassLoader loader = anotherLoader()) {
      assertEquals(StoreLockedException.class.getName(), lockBy(loader, file));
    }
    assertEquals(LOCKED, askOther(file).code());
    lock.close();
    try (URLClassLoader loader = anotherLoader()) {
      assertEquals("nothing", lockBy(loader, file));
    }
  }

  @Test
  void anAttemptByAHardLinkLeavesTheLockHeld() throws Exception {
    Path link = Files.createLink(directory.resolve("link"), file);
    StoreLockedException e =
        assertThrows(StoreLockedException.class, () -> new FileSystemDisk().lock(link));
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    assertEquals(LOCKED, askOther(file).code());
    assertEquals(LOCKED, askOther(link).code());
  }

  /** The second channel is not closed, not even when its class loader and all its objects go. */
  @Test
  void anAttemptAfterTheSystemPropertiesWereReplacedLeavesTheLockHeld() throws Exception {
    Properties all = System.getProperties();
    Properties fewer = new Properties();
    all.stringPropertyNames().stream()
        .filter(name -> !name.startsWith("dev.quarry."))
        .forEach(name -> fewer.setProperty(name, all.getProperty(name)));
    System.setProperties(fewer);
    try {
      try (URLClassLoader loader = anotherLoader()) {
        assertEquals(StoreLockedException.class.getName(), lockBy(loader, file));
        assertEquals(StoreLockedException.class.getName(), lockBy(loader, file));
      }
      assertThrows(StoreLockedException.class, () -> new FileSystemDisk().lock(file));
      for (int i = 0; i < 5; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertEquals(LOCKED, askOther(file).code());
      lock.check();
      lock.close();
      new FileSystemDisk().lock(file).close();
    } finally {
      System.setProperties(all);
    }
  }

  @Test
  void aLockThatOtherCodesCloseDroppedIsHeldAgain() throws Exception {
    Files.readAllBytes(file);
    lock.renew();
    assertEquals(LOCKED, askOther(file).code());
    lock.check();
  }

  @Test
  void whoeverCameAfterOtherCodesCloseIsNoticed() throws Exception {
    Files.readAllBytes(file);
    lock.check();
    assertEquals(FREE, askOther(file).code());
    LockLostException e = assertThrows(LockLostException.class, lock::check);
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    assertTrue(e.getMessage().contains("locked by process "), e.getMessage());
    assertFalse(e.getMessage().contains("process " + ProcessHandle.current().pid() + " "));
    assertThrows(LockLostException.class, lock::renew);
    byte[] theirs = Files.readAllBytes(file);
    lock.close();
    assertEquals(new String(theirs, UTF_8), Files.readString(file));
  }

  @Test
  void whoIsRefusedIsToldWhichProcessHasTheStore() throws Exception {
    Answer answer = askOther(file);
    assertEquals(LOCKED, answer.code());
    String process = "process " + ProcessHandle.current().pid() + " on ";
    assertTrue(answer.said().contains(process), answer.said());
    assertTrue(answer.said().contains(file.toString()), answer.said());
  }

  @Test
  void aDirectoryThatWasMovedIsNoticed() throws IOException {
    Path moved = Files.move(directory.resolve("store"), directory.resolve("moved"));
    LockLostException e = assertThrows(LockLostException.class, lock::renew);
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    assertThrows(
        StoreLockedException.class, () -> new FileSystemDisk().lock(moved.resolve("LOCK")));
  }

  @Test
  void aDirectoryThatWasDeletedAndMadeAnewIsNoticed() throws IOException {
    Files.delete(file);
    assertThrows(LockLostException.class, lock::renew);
    Files.createFile(file);
    assertThrows(LockLostException.class, lock::renew);
    new FileSystemDisk().lock(file).close();
  }

  @Test
  void aCopyOfADirectoryWithItsLockIsAnotherStore() throws IOException {
    Path copy = Files.createDirectory(directory.resolve("copy")).resolve("LOCK");
    Files.move(
        Files.write(directory.resolve("read"), Files.readAllBytes(file)),
        copy,
        StandardCopyOption.REPLACE_EXISTING);
    try (StoreLock second = new FileSystemDisk().lock(copy)) {
      second.check();
      lock.renew();
    }
  }

  @Test
  void interruptsDoNotDropTheLock() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      Thread.currentThread().interrupt();
      lock.renew();
    }
    assertTrue(Thread.interrupted());
    Thread checker = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              for (int i = 0; i < 20_000; i++) {
                checker.interrupt();
              }
            });
    interrupter.start();
    while (interrupter.isAlive()) {
      lock.check();
    }
    Thread.interrupted();
    assertEquals(LOCKED, askOther(file).code());
  }

  @Test
  void aLockThatWasClosedDoesNotCountAsHeld() throws IOException {
    lock.close();
    assertThrows(IOException.class, lock::check);
    assertThrows(IOException.class, lock::renew);
    lock.close();
  }

  @Test
  void aFileSystemThatLocksNothingIsRefusedWithAReason() throws IOException {
    Path archive = directory.resolve("archive.zip");
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Path inside = zip.getPath("/LOCK");
      IOException e = assertThrows(IOException.class, () -> new FileSystemDisk().lock(inside));
      assertTrue(e.getMessage().contains("cannot be locked"), e.getMessage());
    }
  }

  @Test
  void aLockFileOfAnOlderVersionIsLockedToo() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty"));
    try (StoreLock second = new FileSystemDisk().lock(empty)) {
      second.renew();
    }
    assertEquals(LockHolder.LENGTH, Files.size(empty));
  }
}
