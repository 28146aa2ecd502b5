package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.putAll;
import static dev.quarry.tool.ToolRun.quarry;
import static dev.quarry.tool.ToolRun.quarryWithInput;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quarry.StoreStats;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCommandsTest {

  @TempDir Path directory;
  private Path store;

  @BeforeEach
  void nameStore() {
    store = directory.resolve("store");
  }

  @Test
  void whatIsPutIsGot() {
    put(store, "a", "one");
    put(store, "b", "");

    assertEquals("one", quarry("get", store, "a").mustSucceed().out());
    assertEquals("", quarry("get", store, "b").mustSucceed().out());
  }

  @Test
  void aPutReplacesAValue() {
    put(store, "a", "one");
    put(store, "a", "two");

    assertEquals("two", quarry("get", store, "a").mustSucceed().out());
  }

  @Test
  void aFileOfAnyBytesGoesInAndComesOut() throws IOException {
    byte[] bytes = new byte[300_000];
    new Random(1).nextBytes(bytes);
    Path in = Files.write(directory.resolve("in"), bytes);
    Path out = directory.resolve("out");

    quarry("put", store, "a", in).mustSucceed();
    quarry("get", store, "a", "-o", out).mustSucceed();

    assertArrayEquals(bytes, Files.readAllBytes(out));
    assertEquals(List.of("in", "out", "store"), names(directory));
  }

  @Test
  void aFileLongerThanASlabGoesInAndComesOut() throws IOException {
    byte[] bytes = new byte[40 << 20];
    new Random(2).nextBytes(bytes);
    Path in = Files.write(directory.resolve("in"), bytes);
    Path out = directory.resolve("out");

    quarry("put", store, "a", in).mustSucceed();
    quarry("get", store, "a", "--output", out).mustSucceed();

    assertEquals(-1, Files.mismatch(in, out));
  }

  @Test
  void anOutputFileIsReplacedWhole() throws IOException {
    put(store, "a", "new");
    Path out = Files.writeString(directory.resolve("out"), "what was there before");

    quarry("get", store, "a", "-o", out).mustSucceed();

    assertEquals("new", Files.readString(out));
  }

  @Test
  void anOutputLinkIsFollowed() throws IOException {
    put(store, "a", "new");
    Path file = Files.writeString(directory.resolve("file"), "old");
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);

    quarry("get", store, "a", "-o", link).mustSucceed();

    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(file));
  }

  @Test
  void anOutputDeviceIsWrittenInto() {
    put(store, "a", "new");

    quarry("get", store, "a", "-o", "/dev/null").mustSucceed();
  }

  @Test
  void aDashIsTheStandardInput() {
    quarryWithInput("x", "put", store, "a", "-").mustSucceed();

    assertEquals("x", quarry("get", store, "a").mustSucceed().out());
  }

  @Test
  void aKeyMayBeginWithADashOrAnAt() throws IOException {
    String at = "@" + Files.writeString(directory.resolve("file"), "no arguments, a file");
    quarryWithInput("x", "put", store, "--", "-k").mustSucceed();
    quarryWithInput("y", "put", store, at).mustSucceed();

    assertEquals("x", quarry("get", store, "--", "-k").mustSucceed().out());
    assertEquals("y", quarry("get", store, at).mustSucceed().out());
  }

  @Test
  void whatIsRemovedIsGone() {
    putAll(store, List.of("a", "b", "c"));

    quarry("rm", store, "a", "c").mustSucceed();

    assertEquals(List.of("b"), quarry("ls", store).mustSucceed().lines());
    quarry("get", store, "a").mustFail(1, "there is no key a");
  }

  @Test
  void removingReportsAbsentKeysAndRemovesTheOthers() {
    put(store, "a", "one");
    put(store, "b", "two");

    quarry("rm", store, "a", "x", "b").mustFail(1, "there is no key x", store);

    assertEquals("", quarry("ls", store).mustSucceed().out());
  }

  @Test
  void keysAreListedInTheOrderOfTheirBytes() {
    putAll(store, List.of("b", "a/z", "\\xff", "a", "B", "a/", "é"));

    assertEquals(
        List.of("B", "a", "a/", "a/z", "b", "é", "\\xff"),
        quarry("ls", store).mustSucceed().lines());
  }

  @Test
  void aPrefixAndALimitNarrowTheList() {
    putAll(store, List.of("a", "b1", "b2", "b3", "c"));

    assertEquals(
        List.of("b1", "b2", "b3"), quarry("ls", store, "--prefix", "b").mustSucceed().lines());
    assertEquals(
        List.of("b1", "b2"),
        quarry("ls", store, "--prefix", "b", "--limit", 2).mustSucceed().lines());
    assertEquals("", quarry("ls", store, "--prefix", "x").mustSucceed().out());
    assertEquals("", quarry("ls", store, "--limit", 0).mustSucceed().out());
  }

  @Test
  void keysMayEndInZeroBytes() {
    putAll(store, List.of("a b", "c"));

    assertEquals("a b\0c\0", quarry("ls", store, "-0").mustSucceed().out());
  }

  @Test
  void aKeyOfAnyBytesIsListedAsItCanBeGiven() {
    String shown = "\\\\\\x00\\x0a\\xffé";
    put(store, shown, "found");

    assertEquals(List.of(shown), quarry("ls", store).mustSucceed().lines());
    assertEquals("found", quarry("get", store, shown).mustSucceed().out());
  }

  @Test
  void aCacheIsMadeOnRequestAndRecognisedAfterwards() {
    quarryWithInput("v", "put", store, "a", "--cache", "64MiB").mustSucceed();
    put(store, "b", "w");

    assertEquals("v", quarry("get", store, "a").mustSucceed().out());
    assertEquals(List.of("a", "b"), quarry("ls", store).mustSucceed().lines());
    assertTrue(quarry("stats", store).mustSucceed().out().contains("cache"));
  }

  @Test
  void statsShowTheContents() {
    put(store, "a", "one");
    put(store, "b", "two");

    List<String> lines = quarry("stats", store).mustSucceed().lines();

    assertTrue(lines.stream().anyMatch(line -> line.matches("mode +durable .*")), lines::toString);
    assertTrue(lines.stream().anyMatch(line -> line.matches("keys +2")), lines::toString);
  }

  @Test
  void statsAsJsonHaveEveryFigure() throws IOException {
    put(store, "a", "one");

    JsonNode json =
        new ObjectMapper().readTree(quarry("stats", store, "--json").mustSucceed().out());

    for (RecordComponent figure : StoreStats.class.getRecordComponents()) {
      assertTrue(json.has(figure.getName()), figure::getName);
    }
    assertEquals("DURABLE", json.get("mode").asText());
    assertEquals(1, json.get("keys").asLong());
    assertEquals(store.toString(), json.get("store").asText());
    assertTrue(json.get("observedBloomRate").isNull(), "nothing was looked for");
    assertEquals(32 << 20, json.get("reserveBytes").asLong());
    JsonNode share = json.get("liveShares").get(0);
    assertEquals(1, share.get("segmentId").asLong());
    assertEquals(4096, share.get("fileBytes").asLong());
    assertTrue(share.get("liveBytes").asLong() > 0, share::toString);
  }

  @Test
  void statsShowWhatIsOnDiskAndHowMuchOfItIsLive() {
    put(store, "a", "one");

    String out = quarry("stats", store).mustSucceed().out();

    assertTrue(out.matches("(?s).*\non disk +32.0 MiB .*"), out);
    assertTrue(out.matches("(?s).*\n  segment files +8.00 KiB .*"), out);
    assertTrue(out.matches("(?s).*\n  reserve +32.0 MiB .*"), out);
    assertTrue(out.matches("(?s).*\n  checkpoint +4.00 KiB .*"), out);
    assertTrue(out.matches("(?s).*\nbloom observed +- .*"), out);
    assertTrue(out.matches("(?s).*\nreclaimed +no more  .* bytes are garbage, .*"), out);
    assertTrue(out.matches("(?s).*\n\nsegment +file +live +share\n +1  4.00 KiB .* %\n"), out);
  }

  @Test
  void statsOfWhatIsOnDiskAreWhatTheFileSystemSays() throws IOException {
    put(store, "a", "one");
    quarryWithInput(new byte[50_000], "put", store, "b").mustSucceed();
    long files = StoreFileSizes.all(store);

    JsonNode json =
        new ObjectMapper().readTree(quarry("stats", store, "--json").mustSucceed().out());

    assertEquals(files, json.get("diskBytes").asLong());
    assertEquals(files, StoreFileSizes.all(store), "showing figures writes nothing");
  }

  @Test
  void statsOfACacheTellItsBound() throws IOException {
    quarryWithInput("v", "put", store, "a", "--cache", "64MiB").mustSucceed();

    assertEquals(64 << 20, bound());
    String out = quarry("stats", store).mustSucceed().out();
    assertTrue(out.matches("(?s).*\nbound +64.0 MiB .*"), out);
    assertTrue(out.matches("(?s).*\nreclaimed +no more +6\\d{7} bytes are free.*"), out);
  }

  private long bound() throws IOException {
    String out = quarry("stats", store, "--json").mustSucceed().out();
    return new ObjectMapper().readTree(out).get("maxBytes").asLong();
  }

  @Test
  void everyCommandOpensACacheWithTheBoundItHas() throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    Files.write(files.resolve("file"), new byte[3_000_000]);
    quarryWithInput("v", "put", store, "a", "--cache", "1MiB").mustSucceed();

    for (int i = 0; i < 3; i++) {
      quarryWithInput(new byte[60_000], "put", store, "b" + i).mustSucceed();
    }
    quarry("import", store, files).mustFail(1, "of its 1048576");
    quarry("get", store, "a").mustSucceed();
    quarry("ls", store).mustSucceed();
    quarry("rm", store, "a").mustSucceed();
    quarry("export", store, directory.resolve("copy")).mustSucceed();

    assertEquals(1 << 20, bound());
    assertTrue(StoreFileSizes.all(store) <= (1 << 20) + 8_192, "with STORE and a checkpoint");
  }

  @Test
  void anotherBoundIsKeptAndSaid() throws IOException {
    quarryWithInput("v", "put", store, "a", "--cache", "64MiB").mustSucceed();

    ToolRun run = quarryWithInput("w", "put", store, "b", "--cache", "128MiB");

    assertEquals(0, run.code());
    assertTrue(run.error().contains("128 MiB") && run.error().contains("64.0 MiB"), run::error);
    assertEquals(128 << 20, bound());
    quarryWithInput("w", "put", store, "c", "--cache", "128MiB").mustSucceed(); // without a word
  }

  @Test
  void versionAndHelpAreGiven() {
    assertTrue(quarry("--version").mustSucceed().out().matches("(?s)quarry \\d+\\.\\d+.*"));
    String help = quarry("--help").mustSucceed().out();
    assertFalse(help.contains("demo-import"), help);
    for (String command :
        List.of("put", "get", "rm", "ls", "import", "export", "stats", "segments", "demo")) {
      assertTrue(help.contains("\n  " + command + " "), command);
      assertTrue(quarry(command, "--help").mustSucceed().out().startsWith("Usage: quarry "));
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (var entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }
}
