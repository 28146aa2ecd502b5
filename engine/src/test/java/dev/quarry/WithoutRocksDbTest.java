package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys are listed in order where RocksDB cannot be used, in processes in which it cannot. */
@Tag("slow")
class WithoutRocksDbTest {

  private static final int KEYS = 40;

  @TempDir Path directory;
  private Path store;

  /** Lists a store twice, and says how many keys there were and what memory they took. */
  static final class Lister {

    private Lister() {}

    public static void main(String[] arguments) {
      Path store = Path.of(arguments[0]);
      try (BlobStore opened = BlobStore.open(store, StoreFixture.DURABLE)) {
        for (int i = 0; i < 2; i++) {
          System.out.println("keys " + StoreFixture.keys(opened, KeyRange.all()).size());
        }
        try {
          opened.put(key("zz"), key("value"));
          System.out.println("then " + StoreFixture.keys(opened, KeyRange.all()).size());
          opened.delete(key("zz"));
        } catch (StoreFullException e) {
          System.out.println("full");
        }
        System.out.println("bytes " + (opened.stats().keyIndexBytes() > 0));
        System.out.println("failure " + opened.stats().failure());
      }
    }
  }

  @BeforeEach
  void fill() {
    store = directory.resolve("store");
    fill(store);
  }

  private static void fill(Path store) {
    try (BlobStore opened = BlobStore.open(store, StoreFixture.DURABLE)) {
      putAll(opened, 0, KEYS, 9_000);
    }
  }

  private static String classPath(boolean withRocksDb) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(element -> withRocksDb || !element.contains("rocksdbjni"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static List<String> java(String classPath, String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", classPath, Lister.class.getName()));
    return command;
  }

  private String run(List<String> command) throws Exception {
    Path out = directory.resolve("out");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> "still running: " + command);
    String said = Files.readString(out, StandardCharsets.UTF_8);
    assertEquals(0, process.exitValue(), said);
    return said;
  }

  private String list(List<String> java) throws Exception {
    List<String> command = new ArrayList<>(java);
    command.add(store.toString());
    return run(command);
  }

  private static void assertListed(String said) {
    assertEquals(2, said.lines().filter(line -> line.equals("keys " + KEYS)).count(), said);
    assertTrue(said.contains("then " + (KEYS + 1)), said);
    assertTrue(said.contains("bytes true"), said);
    assertTrue(said.contains("failure null"), said);
  }

  private static void assertToldOnce(String said, String reason) {
    List<String> warnings = said.lines().filter(line -> line.contains("WARN dev.quarry")).toList();
    assertEquals(1, warnings.size(), said);
    assertTrue(warnings.get(0).contains("are ordered in memory"), said);
    assertTrue(warnings.get(0).contains(reason), said);
  }

  @Test
  void keysAreListedThoughRocksDbIsNotOnTheClassPath() throws Exception {
    String said = list(java(classPath(false)));
    assertListed(said);
    assertToldOnce(said, "NoClassDefFoundError");
  }

  @Test
  void keysAreListedThoughTheTemporaryDirectoryIsMissing() throws Exception {
    String missing = directory.resolve("missing").toString();
    String said = list(java(classPath(true), "-Djava.io.tmpdir=" + missing));
    assertListed(said);
    assertToldOnce(said, "does not load");
  }

  @ParameterizedTest
  @ValueSource(strings = {"noexec", "ro", "size=64k"})
  void keysAreListedWhateverTheTemporaryDirectoryIsMountedAs(String option) throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("tmp"));
    String mount = "mount -t tmpfs -o " + option + " tmpfs " + mounted;
    assumeTrue(mayMount(mounted), "mount namespaces are not permitted here");
    String java = quoted(java(classPath(true), "-Djava.io.tmpdir=" + mounted)) + " " + store;
    String said = run(List.of("unshare", "-rm", "sh", "-c", mount + " && exec " + java));
    assertListed(said);
    assertToldOnce(said, "does not load");
  }

  /** For a shell. */
  private static String quoted(List<String> command) {
    return command.stream().collect(Collectors.joining("' '", "'", "'"));
  }

  private static boolean mayMount(Path on) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", on.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** The store is on a file system that has no room left for a key index. */
  @Test
  void aGoodKeyIndexStaysWhenThereIsNoRoomAndKeysAreListed() throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("small"));
    assumeTrue(mayMount(mounted), "mount namespaces are not permitted here");
    String java = quoted(java(classPath(true)));
    Path inside = mounted.resolve("store");
    String script =
        String.join(
            " && ",
            "mount -t tmpfs -o size=8m tmpfs " + mounted,
            "cp -r " + store + " " + inside,
            java + " " + inside, // makes the key index
            "ls " + inside + "/keyindex/*.sst > " + directory.resolve("before"),
            "{ cat /dev/zero > " + mounted.resolve("fill") + " 2>/dev/null || true; }",
            java + " " + inside,
            "ls " + inside + "/keyindex/*.sst > " + directory.resolve("after"));
    String said = run(List.of("unshare", "-rm", "sh", "-c", script));
    assertEquals(4, said.lines().filter(line -> line.equals("keys " + KEYS)).count(), said);
    String before = Files.readString(directory.resolve("before"));
    assertTrue(Files.readString(directory.resolve("after")).contains(before.strip()), said);
  }

  @Test
  void keysAreListedThoughThePathHasCharactersThatRocksDbMayNotSpellAlike() throws Exception {
    assumeTrue(
        "UTF-8".equals(System.getProperty("sun.jnu.encoding")), "no such path in this locale");
    store = directory.resolve("b\u00fccher-\ud83d\udcda");
    fill(store);
    assertListed(list(java(classPath(true))));
    assertTrue(Files.notExists(store.resolve("keyindex/CURRENT")));
  }
}
