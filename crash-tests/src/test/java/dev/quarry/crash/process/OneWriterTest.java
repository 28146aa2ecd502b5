package dev.quarry.crash.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreException;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreLockedException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that try to open one store, whatever the process that has it does meanwhile. */
@Tag("slow")
class OneWriterTest {

  private static final BlobStoreOptions OPTIONS =
      BlobStoreOptions.durable().toBuilder().segmentBytes(1 << 20).build();

  @TempDir private Path directory;

  /** Opens a store, writes to it, and says how that went. */
  static final class Other {

    private Other() {}

    public static void main(String[] arguments) {
      try (BlobStore store = BlobStore.open(Path.of(arguments[0]), OPTIONS)) {
        store.put(bytes("theirs"), bytes("is there"));
        System.out.println("wrote");
      } catch (BlobStoreException e) {
        System.out.println(e.getClass().getSimpleName());
      }
    }
  }

  /** Has a store open, tries to open it once more under another name, and has another try. */
  static final class Twice {

    private Twice() {}

    public static void main(String[] arguments) throws Exception {
      Path name = Path.of(arguments[0]);
      Path otherName = Path.of(arguments[1]);
      try (BlobStore store = BlobStore.open(name, OPTIONS)) {
        System.out.println(attempt(Twice.class.getClassLoader(), otherName));
        try (URLClassLoader loader = AnotherLoader.create()) {
          System.out.println(attempt(loader, otherName));
        }
        store.put(bytes("ours"), bytes("is there"));
        System.out.println(ChildJvm.of(Other.class).run(otherName.toString()).get(0));
        System.out.println(ChildJvm.of(Other.class).run(name.toString()).get(0));
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** Opens a store by the classes of a loader; says what that threw. */
  private static String attempt(ClassLoader loader, Path path) throws Exception {
    Class<?> options = loader.loadClass(BlobStoreOptions.class.getName());
    try {
      Object store =
          loader
              .loadClass(BlobStore.class.getName())
              .getMethod("open", Path.class, options)
              .invoke(null, path, options.getMethod("durable").invoke(null));
      ((AutoCloseable) store).close();
      return "opened";
    } catch (InvocationTargetException e) {
      return e.getCause().getClass().getSimpleName();
    }
  }

  private String other() throws IOException {
    return ChildJvm.of(Other.class).run(directory.toString()).get(0);
  }

  /** What a backup does. */
  private void readEveryFile() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.readAllBytes(file);
      }
    }
  }

  private List<String> files() throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        Object key = Files.getAttribute(file, "unix:ino");
        found.add(file + " " + key + " " + Files.size(file));
      }
    }
    return found;
  }

  @Test
  void anAttemptByAnotherClassLoaderLetsNoOtherProcessIn() throws Exception {
    try (BlobStore store = BlobStore.open(directory, OPTIONS)) {
      try (URLClassLoader loader = AnotherLoader.create()) {
        assertEquals("StoreLockedException", attempt(loader, directory));
      }
      assertEquals("StoreLockedException", other());
      store.put(bytes("ours"), bytes("is there"));
    }
    assertEquals("wrote", other());
    assertAllThere();
  }

  @Test
  void anAttemptThroughABindMountLetsNoOtherProcessIn() throws IOException {
    String mount = "mount --bind " + directory.resolve("a") + " " + directory.resolve("b");
    Files.createDirectory(directory.resolve("a"));
    Files.createDirectory(directory.resolve("b"));
    assumeTrue(isPermitted("unshare", "-m", "bash", "-c", mount), "no mount is permitted");
    List<String> said =
        ChildJvm.of(Twice.class)
            .startedBy("unshare", "-m", "bash", "-c", mount + " && exec \"$@\"", "bash")
            .run(directory.resolve("a").toString(), directory.resolve("b").toString());
    String refused = StoreLockedException.class.getSimpleName();
    assertEquals(List.of(refused, refused, refused, refused), said);
  }

  @Test
  void anAttemptThroughALinkLetsNoOtherProcessIn() throws IOException {
    Path store = Files.createDirectory(directory.resolve("store"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), store);
    List<String> said = ChildJvm.of(Twice.class).run(link.toString(), store.toString());
    String refused = StoreLockedException.class.getSimpleName();
    assertEquals(List.of(refused, refused, refused, refused), said);
  }

  private static boolean isPermitted(String... command) throws IOException {
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void aStoreThatAnotherProcessHasOpenedAcknowledgesAndChangesNothing() throws Exception {
    BlobStore store = BlobStore.open(directory, OPTIONS);
    store.put(bytes("ours"), bytes("is there"));
    readEveryFile();
    assertEquals("wrote", other());
    List<String> theirs = files();
    StoreFailedException e =
        assertThrows(
            StoreFailedException.class, () -> store.put(bytes("ours"), bytes("is refused")));
    assertTrue(e.getMessage().contains("another process has opened the store"), e.getMessage());
    assertTrue(e.getMessage().contains(directory.resolve("LOCK").toString()), e.getMessage());
    assertThrows(StoreFailedException.class, () -> store.put(bytes("large"), new byte[3_000_000]));
    assertThrows(StoreFailedException.class, () -> store.delete(bytes("ours")));
    assertThrows(StoreFailedException.class, store::close);
    assertEquals(theirs, files());
    assertAllThere();
  }

  @Test
  void aStoreWhoseDirectoryWasMovedCreatesNothingWhereItWas() throws Exception {
    Path path = directory.resolve("store");
    BlobStore store = BlobStore.open(path, OPTIONS);
    store.put(bytes("ours"), bytes("is there"));
    Path moved = Files.move(path, directory.resolve("moved"));
    StoreFailedException e =
        assertThrows(
            StoreFailedException.class, () -> store.put(bytes("large"), new byte[3_000_000]));
    assertTrue(e.getMessage().contains(path.resolve("LOCK").toString()), e.getMessage());
    assertThrows(StoreFailedException.class, () -> store.put(bytes("k"), bytes("v")));
    assertThrows(StoreFailedException.class, store::close);
    assertTrue(Files.notExists(path));
    try (BlobStore again = BlobStore.open(moved, OPTIONS)) {
      assertArrayEquals(bytes("is there"), again.get(bytes("ours")));
    }
  }

  @Test
  void aLockThatABackupDroppedIsHeldAgainAfterTheNextSegment() throws Exception {
    try (BlobStore store = BlobStore.open(directory, OPTIONS)) {
      readEveryFile();
      for (int i = 0; i < 6; i++) {
        store.put(bytes("key " + i), new byte[400_000]);
      }
      assertEquals("StoreLockedException", other());
      store.put(bytes("ours"), bytes("is there"));
    }
    assertEquals("wrote", other());
    assertAllThere();
  }

  private void assertAllThere() {
    try (BlobStore store = BlobStore.open(directory, OPTIONS)) {
      assertArrayEquals(bytes("is there"), store.get(bytes("ours")));
      assertArrayEquals(bytes("is there"), store.get(bytes("theirs")));
      assertEquals(0, store.stats().damagedFiles());
    }
  }
}
