package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No command writes its output among the files of a store, whichever way leads there. */
@Tag("slow")
class ExportIntoStoreTest {

  private static final String SEGMENT = "segments/0000000001.seg";

  @TempDir Path directory;
  private Path store;
  private Path other;
  private Map<String, byte[]> before;

  @BeforeEach
  void makeStores() throws IOException {
    directory = directory.toRealPath();
    store = directory.resolve("store");
    other = directory.resolve("other");
    for (Path each : List.of(store, other)) {
      put(each, "STORE", "not one");
      put(each, SEGMENT, "not one");
      put(each, "d/x", "text");
      quarry("ls", each).mustSucceed(); // fills the key index, so that all files are there
    }
    before = files();
  }

  @AfterEach
  void theStoresAreAsTheyWere() throws IOException {
    Map<String, byte[]> after = files();
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
    assertEquals(List.of("STORE", "d/x", SEGMENT), quarry("ls", store).mustSucceed().lines());
    assertEquals("text", quarry("get", other, "d/x").mustSucceed().out());
  }

  /** What no command but a put changes. */
  private Map<String, byte[]> files() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    for (Path each : List.of(store, other)) {
      for (String name : List.of("STORE", "segments/0000000001.seg", "segments/0000000002.seg")) {
        files.put(each.resolve(name).toString(), Files.readAllBytes(each.resolve(name)));
      }
    }
    return files;
  }

  private void exportIsRefused(Path target) {
    quarry("export", store, target).mustFail(1, "store", "choose a place outside of every store");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "segments", "wal", "index", "keyindex", "new", "segments/new/er"})
  void anExportIntoTheStoreItselfIsRefused(String below) {
    exportIsRefused(store.resolve(below));
    assertFalse(Files.exists(store.resolve("new")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "segments", "wal", "new"})
  void anExportIntoAnotherStoreIsRefused(String below) {
    exportIsRefused(other.resolve(below));
  }

  @Test
  void anExportThroughALinkOrDotsIsRefused() throws IOException {
    exportIsRefused(Files.createSymbolicLink(directory.resolve("link"), store));
    exportIsRefused(directory.resolve("link").resolve("new"));
    exportIsRefused(Files.createSymbolicLink(directory.resolve("part"), store.resolve("wal")));
    exportIsRefused(other.resolve("..").resolve("store"));
  }

  @Test
  void anExportIntoAStoreWhoseIdentityIsLostIsRefused() throws IOException {
    Files.move(other.resolve("STORE"), directory.resolve("kept"));

    exportIsRefused(other);

    Files.move(directory.resolve("kept"), other.resolve("STORE"));
  }

  @Test
  void aKeyThatLeadsIntoAStoreBelowTheTargetIsRefusedAndTheOthersAreExported() throws IOException {
    put(store, "other/STORE", "over it");
    put(store, "other/" + SEGMENT, "over it");
    before = files();
    Path links = Files.createDirectory(directory.resolve("links"));
    Files.createSymbolicLink(links.resolve("other"), other);

    for (Path target : List.of(directory, links)) {
      ToolRun run = quarry("export", store, target);

      assertEquals(1, run.code(), run.error());
      assertTrue(run.error().contains("other/STORE: not exported: "), run.error());
      assertTrue(run.error().contains("other/" + SEGMENT + ": not exported: "), run.error());
      assertEquals("text", Files.readString(target.resolve("d/x")));
    }
    quarry("rm", store, "other/STORE", "other/" + SEGMENT).mustSucceed();
    before = files();
  }

  @Test
  void aTargetThatLeadsToTheFilesOfAStoreThroughLinksIsRefused() throws IOException {
    for (String name : List.of("STORE", "segments")) {
      Path target = Files.createDirectory(directory.resolve("links to " + name));
      Files.createSymbolicLink(target.resolve(name), other.resolve(name));
      exportIsRefused(target);
    }
  }

  @Test
  void aLinkInTheTargetThatHasTheNameOfAKeyIsReplacedAndNotWrittenThrough() throws IOException {
    put(store, "f", "not one");
    before = files();
    Path target = Files.createDirectory(directory.resolve("target"));
    Files.createSymbolicLink(target.resolve("f"), store.resolve("STORE"));

    quarry("export", store, target).mustSucceed();

    assertEquals("not one", Files.readString(target.resolve("f")));
    quarry("rm", store, "f").mustSucceed();
  }

  @Test
  void keysThatAreNamedAsFilesOfAStoreAreExportedAgainAndAgain() throws IOException {
    Path target = directory.resolve("target");

    quarry("export", store, target).mustSucceed();
    quarry("export", store, target).mustSucceed();

    assertEquals("not one", Files.readString(target.resolve("STORE")));
  }

  @Test
  void aBindMountOfAPartOfTheStoreIsKnown() throws Exception {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    MountedRun.Ran ran =
        MountedRun.inNamespace(
            "mount --bind \"$STORE/wal\" \"$ELSEWHERE\"",
            "$QUARRY export \"$STORE\" \"$ELSEWHERE\"; echo code $?; ls -A \"$ELSEWHERE\"",
            Map.of("STORE", store.toString(), "ELSEWHERE", elsewhere.toString()));

    assertEquals(List.of("code 1"), ran.out());
    assertTrue(ran.error().contains("choose a place outside of every store"), ran.error());
  }

  @Test
  void theFileOfAGetIsNotWrittenIntoAStore() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("l"), store.resolve("STORE"));
    for (Path file :
        List.of(
            store.resolve("STORE"),
            store.resolve("new"),
            other.resolve(SEGMENT),
            other.resolve("wal/0000000009.wal"),
            link)) {
      quarry("get", store, "d/x", "-o", file).mustFail(1, "outside of every store");
    }
    assertFalse(Files.exists(store.resolve("new")));
  }

  @Test
  void aStoreIsNotMadeAndADemoNotRunWithinAnother() {
    for (String below : List.of("wal", "new", "segments/new")) {
      quarry("put", store.resolve(below), "k").mustFail(1, "outside of every store");
      quarry("demo", "--dir", store.resolve(below)).mustFail(1, "outside of every store");
    }
    assertFalse(Files.exists(store.resolve("wal/STORE")));
  }
}
