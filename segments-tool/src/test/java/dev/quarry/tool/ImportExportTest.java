package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.putAll;
import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quarry.tool.terminal.Console;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportExportTest {

  @TempDir Path directory;
  private Path store;
  private Path source;
  private Path target;

  @BeforeEach
  void makeDirectories() throws IOException {
    store = directory.resolve("store");
    source = Files.createDirectory(directory.resolve("source"));
    target = directory.resolve("target");
  }

  @Test
  void manySmallFilesComeBackAsTheyWere() throws IOException {
    Random random = new Random(3);
    for (int i = 0; i < 600; i++) {
      byte[] bytes = new byte[random.nextInt(5_000)];
      random.nextBytes(bytes);
      Path file = source.resolve("d" + i % 7 + "/e" + i % 11 + "/file " + i);
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    }

    ToolRun run = quarry("import", store, source).mustSucceed();
    assertTrue(run.out().startsWith("imported 600 files, "), run.out());
    run = quarry("export", store, target).mustSucceed();
    assertTrue(run.out().startsWith("exported 600 files, "), run.out());

    Map<String, byte[]> before = contents(source);
    Map<String, byte[]> after = contents(target);
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
  }

  @Test
  void aSecondImportTakesTheFilesAsTheyAreThen() throws IOException {
    Files.writeString(source.resolve("a"), "old");
    quarry("import", store, source).mustSucceed();
    Files.writeString(source.resolve("a"), "new, and longer");
    quarry("import", store, source, "--threads", 1).mustSucceed();

    assertEquals("new, and longer", quarry("get", store, "a").mustSucceed().out());
  }

  @Test
  void aPrefixGoesBeforeImportedNamesAndNarrowsAnExport() throws IOException {
    Files.writeString(source.resolve("a"), "one");
    put(store, "z", "not exported");

    quarry("import", store, source, "--prefix", "in/").mustSucceed();
    quarry("export", store, target, "--prefix", "in").mustSucceed();

    assertEquals(List.of("in/a", "z"), quarry("ls", store).mustSucceed().lines());
    assertEquals(List.of("in/a"), List.copyOf(contents(target).keySet()));
  }

  @Test
  void linksAreNotFollowedAndNotImported() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "s");
    Files.writeString(source.resolve("a"), "one");
    Files.createSymbolicLink(source.resolve("dir-link"), outside);
    Files.createSymbolicLink(source.resolve("file-link"), outside.resolve("secret"));

    quarry("import", store, source).mustSucceed();

    assertEquals(List.of("a"), quarry("ls", store).mustSucceed().lines());
  }

  @Test
  void aStoreWithinTheDirectoryIsNotImportedIntoItself() throws IOException {
    Files.writeString(source.resolve("a"), "one");
    Path within = source.resolve("store");

    quarry("import", within, source).mustSucceed();
    quarry("import", within, source).mustSucceed();

    assertEquals(List.of("a"), quarry("ls", within).mustSucceed().lines());
  }

  @Test
  void aFileThatCannotBeReadIsReportedAndTheOthersAreImported() throws IOException {
    Files.writeString(source.resolve("a"), "one");
    Files.writeString(source.resolve("b"), "two");
    Path unreadable = Files.writeString(source.resolve("c"), "three");
    Files.setPosixFilePermissions(unreadable, java.util.Set.of());
    assumeFalse(Files.isReadable(unreadable), "this user may read everything");

    ToolRun run = quarry("import", store, source);

    run.mustFail(1, unreadable + ": permission denied");
    assertTrue(run.out().startsWith("imported 2 files"), run.out());
    assertEquals(List.of("a", "b"), quarry("ls", store).mustSucceed().lines());
  }

  @Test
  void aFileTooLongIsReportedAndTheOthersAreImported() throws IOException {
    Files.writeString(source.resolve("a"), "one");
    Path huge = source.resolve("huge");
    try (var file = new java.io.RandomAccessFile(huge.toFile(), "rw")) {
      file.setLength(1L << 31);
    }

    ToolRun run = quarry("import", store, source);

    run.mustFail(1, huge, "is over the limit");
    assertTrue(run.out().matches("(?s)imported 1 files.*1 failed\n"), run.out());
    assertEquals(List.of("a"), quarry("ls", store).mustSucceed().lines());
  }

  @Test
  void aTerminalIsShownABar() throws IOException {
    Files.write(source.resolve("a"), new byte[3 << 20]);
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    Console console =
        new Console(InputStream.nullInputStream(), OutputStream.nullOutputStream(), error, true);

    assertEquals(0, Quarry.run(console, "import", store.toString(), source.toString()));

    String shown = error.toString(StandardCharsets.UTF_8);
    assertTrue(shown.contains("import 100% ["), shown);
    assertTrue(shown.contains("] 3/3 MiB"), shown);
  }

  @Test
  void aMissingDirectoryIsNotImported() throws IOException {
    Path missing = directory.resolve("missing");
    quarry("import", store, missing).mustFail(1, missing + ": no such file or directory");

    Path file = Files.writeString(directory.resolve("file"), "");
    quarry("import", store, file).mustFail(1, file + ": not a directory");

    assertFalse(Files.exists(store));
  }

  @Test
  void keysThatWouldLeadOutOfTheDirectoryAreRefused() throws IOException {
    List<String> bad =
        List.of("../x", "/x", "a/../../x", "..", ".", "a/", "a//b", "./b", "a\\x00b");
    putAll(store, bad);
    put(store, "good", "fine");

    ToolRun run = quarry("export", store, target);

    assertEquals(1, run.code());
    for (String key : bad) {
      String line = "quarry: " + key + ": not exported: the key is not a name of a file";
      assertTrue(run.error().contains(line), run.error());
    }
    assertEquals(List.of("good"), List.copyOf(contents(target).keySet()));
    assertFalse(Files.exists(directory.resolve("x")));
  }

  @Test
  void aLinkInTheTargetDoesNotLeadOutOfIt() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Files.createDirectory(target);
    Files.createSymbolicLink(target.resolve("d"), outside);
    Files.createSymbolicLink(target.resolve("f"), outside.resolve("f"));
    put(store, "d/x", "in a directory");
    put(store, "f", "in a file");

    quarry("export", store, target).mustFail(1, "d/x: not exported", "symbolic link");

    try (var entries = Files.list(outside)) {
      assertEquals(0, entries.count());
    }
    assertEquals("in a file", Files.readString(target.resolve("f")));
    assertFalse(Files.isSymbolicLink(target.resolve("f")));
  }

  @Test
  void aKeyThatIsTheDirectoryOfAnotherIsReported() throws IOException {
    put(store, "a", "file");
    put(store, "a/b", "below it");

    quarry("export", store, target).mustFail(1, "a/b: not exported", "not a directory");

    assertEquals(List.of("a"), List.copyOf(contents(target).keySet()));
  }

  @Test
  void aNameThatIsNotTextComesBackAsItWas() throws IOException {
    Path odd = Path.of(URI.create("file://" + source.toUri().getRawPath() + "b%e9t%e9"));
    Files.writeString(odd, "latin one");

    quarry("import", store, source).mustSucceed();
    assertEquals(List.of("b\\xe9t\\xe9"), quarry("ls", store).mustSucceed().lines());
    quarry("export", store, target).mustSucceed();

    Path back = Path.of(URI.create("file://" + target.toUri().getRawPath() + "b%e9t%e9"));
    assertEquals("latin one", Files.readString(back));
  }

  @Test
  void anExportLeavesNoTemporaryFiles() throws IOException {
    put(store, "a", "one");
    Files.createDirectories(target.resolve("a/in-the-way"));

    quarry("export", store, target).mustFail(1, "a: not exported");

    try (var entries = Files.list(target)) {
      assertEquals(List.of(target.resolve("a")), entries.toList());
    }
  }

  private static Map<String, byte[]> contents(Path root) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (var paths = Files.walk(root)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        contents.put(root.relativize(path).toString(), Files.readAllBytes(path));
      }
    }
    return contents;
  }
}
