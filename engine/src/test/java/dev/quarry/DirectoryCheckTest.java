package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.ROOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DirectorySyncUnsupportedException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories that are not what a store expects: it works in them, or is refused at open. */
@Tag("slow")
class DirectoryCheckTest {

  /** What file systems, desktops and transfer tools leave beside the files of others. */
  private static final List<String> STRANGERS =
      List.of(
          ".DS_Store",
          "Thumbs.db",
          "desktop.ini",
          ".nfs000000000000002a00000001",
          ".fuse_hidden0000000300000001",
          "._0000000001.seg",
          "0000000001.seg~",
          ".0000000001.seg.swp",
          ".0000000001.seg.k3Jx2a",
          "0000000001.seg.part",
          "#0000000001.wal#",
          "notes.txt");

  private static final StoreLayout LAYOUT = new StoreLayout(ROOT);

  @TempDir Path directory;

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private Disk failing(FaultyDisk.Faults faults) {
    return new FaultyDisk(disk, faults);
  }

  /** Has a store flush, compact, delete, close and open twice; the second time finds it all. */
  private static void live(Path root, StoreMode mode, Environment environment) {
    BlobStoreOptions options = StoreFixture.options(mode);
    try (BlobStore store = BlobStore.open(root, options, environment)) {
      StoreFixture.putAll(store, 0, 40, 10_000);
      StoreFixture.putAll(store, 100, 101, 200_000);
      StoreFixture.putAll(store, 0, 40, 10_000);
      for (int i = 0; i < 40; i += 2) {
        assertTrue(store.delete(StoreFixture.key(i)));
      }
      store.sync();
      assertNull(store.stats().failure());
    }
    for (int opening = 0; opening < 2; opening++) {
      try (BlobStore store = BlobStore.open(root, options, environment)) {
        for (int i = 0; i < 40; i++) {
          if (i % 2 == 0) {
            assertNull(store.get(StoreFixture.key(i)));
          } else {
            StoreFixture.assertAll(store, i, i + 1, 10_000);
          }
        }
        StoreFixture.assertAll(store, 100, 101, 200_000);
        assertNull(store.stats().failure());
        StoreInvariants.check(store);
      }
    }
  }

  private static void live(Path root, StoreMode mode) {
    live(root, mode, Environment.real());
  }

  private void liveOn(Disk on, StoreMode mode) {
    live(ROOT, mode, TestStores.inline(on));
    assertEquals(List.of(), disk.openHandles());
  }

  private static String refusal(Disk on, StoreMode mode) {
    return assertThrows(
            StoreFailedException.class, () -> StoreFixture.open(on, StoreFixture.options(mode)))
        .getMessage();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  // ---- strangers ----

  @ParameterizedTest
  @EnumSource
  void whatSystemsLeaveInAnyDirectoryDoesNotStopANewStore(StoreMode mode) throws IOException {
    List<String> files = List.of(".DS_Store", "Thumbs.db", "desktop.ini", ".nfs0001", "._store");
    List<String> directories =
        List.of("lost+found", ".snapshot", "System Volume Information", ".Trash-1000");
    for (String file : files) {
      Files.writeString(directory.resolve(file), file);
    }
    for (String each : directories) {
      Files.createDirectory(directory.resolve(each));
    }
    live(directory, mode);
    assertTrue(names(directory).containsAll(files), "they stay");
    assertTrue(names(directory).containsAll(directories), "they stay");
  }

  @ParameterizedTest
  @EnumSource
  void strangersInTheDirectoriesOfAStoreAreIgnoredAndKept(StoreMode mode) throws IOException {
    BlobStore.open(directory, StoreFixture.options(mode)).close();
    for (String part : List.of("", "segments", "wal")) {
      for (String stranger : STRANGERS) {
        Files.writeString(directory.resolve(part).resolve(stranger), stranger);
      }
      Files.createDirectory(directory.resolve(part).resolve("lost+found"));
    }
    live(directory, mode);
    for (String part : List.of("", "segments", "wal")) {
      for (String stranger : STRANGERS) {
        assertEquals(stranger, Files.readString(directory.resolve(part).resolve(stranger)));
      }
    }
  }

  // ---- missing directories ----

  @ParameterizedTest
  @EnumSource
  void emptyDirectoriesThatABackupLeftOutAreMadeAgain(StoreMode mode) throws IOException {
    for (String missing : List.of("wal", "segments", "index")) {
      Path root = directory.resolve(missing);
      BlobStore.open(root, StoreFixture.options(mode)).close();
      Files.deleteIfExists(root.resolve(missing));
      live(root, mode);
    }
    Path root = directory.resolve("all");
    BlobStore.open(root, StoreFixture.options(mode)).close();
    Files.delete(root.resolve("wal"));
    Files.delete(root.resolve("segments"));
    Files.delete(root.resolve("LOCK"));
    live(root, mode);
  }

  @ParameterizedTest
  @EnumSource
  void aCrashAtAnyCallOfAnOpeningThatMakesThemAgainLosesNothing(StoreMode mode) throws IOException {
    BlobStoreOptions options = StoreFixture.options(mode);
    try (BlobStore store = StoreFixture.open(disk, options)) {
      StoreFixture.putAll(store, 0, 20, 10_000);
    }
    StoreFixture.open(disk, options).close(); // makes a segment of the last log
    disk.delete(LAYOUT.logs());
    SimulatedDisk image = disk.afterCrash(Survival.ALL, 2);
    int crashes = 0;
    for (boolean crashed = true; crashed; crashes++) {
      SimulatedDisk trial = image.afterCrash(Survival.ALL, crashes);
      trial.crashAt(crashes + 1);
      crashed = crashesWhileOpening(trial, options);
      for (Survival survival : List.of(Survival.ALL, Survival.NONE, Survival.RANDOM)) {
        SimulatedDisk after = trial.afterCrash(survival, crashes);
        try (BlobStore store = StoreFixture.open(after, options)) {
          StoreFixture.assertAll(store, 0, 20, 10_000);
        }
        assertFalse(after.exists(LAYOUT.probe(ROOT)), "no probe stays");
        assertFalse(after.exists(LAYOUT.probe(LAYOUT.logs())), "no probe stays");
        assertFalse(after.exists(LAYOUT.probe(LAYOUT.segments())), "no probe stays");
      }
    }
    assertTrue(crashes > 10, "the opening makes calls");
  }

  private static boolean crashesWhileOpening(SimulatedDisk on, BlobStoreOptions options) {
    try {
      StoreFixture.open(on, options).close();
      return false;
    } catch (SimulatedCrashException | StoreFailedException e) {
      assertTrue(on.hasCrashed(), e::toString);
      return true;
    }
  }

  // ---- parts on another mount ----

  private static boolean isAcross(Operation operation, Path path) {
    return operation == Operation.RENAME && path.startsWith(LAYOUT.logs());
  }

  private Disk twoMounts() {
    return failing(
        (operation, path) ->
            isAcross(operation, path)
                ? new AtomicMoveNotSupportedException(
                    path.toString(), "segments", "Invalid cross-device link")
                : null);
  }

  @Test
  void aDurableStoreWhoseLogsCannotBeRenamedToSegmentsIsRefusedAtOpen() throws IOException {
    disk.createDirectories(LAYOUT.segments());
    disk.createDirectories(LAYOUT.logs());
    String message = refusal(twoMounts(), StoreMode.DURABLE);
    assertTrue(message.contains("/store/wal and /store/segments"), message);
    assertTrue(message.contains("move the whole directory /store"), message);
    assertFalse(disk.exists(LAYOUT.store()));
    assertEquals(List.of(), disk.list(LAYOUT.logs()));
    assertEquals(List.of(), disk.list(LAYOUT.segments()));
    assertEquals(List.of(), disk.openHandles());
    liveOn(disk, StoreMode.DURABLE);
  }

  @Test
  void aPartThatWasMovedToAnotherMountIsFoundByTheNextOpening() {
    liveOn(disk, StoreMode.DURABLE);
    String message = refusal(twoMounts(), StoreMode.DURABLE);
    assertTrue(message.contains("different file systems or mounts"), message);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      StoreFixture.assertAll(store, 1, 2, 10_000);
    }
  }

  @Test
  void aCacheRenamesNothingFromOneDirectoryToAnother() {
    liveOn(twoMounts(), StoreMode.CACHE);
  }

  // ---- syncs of directories ----

  private Disk withoutDirectorySync() {
    return failing(
        (operation, path) ->
            operation == Operation.SYNC_DIRECTORY
                ? new DirectorySyncUnsupportedException(
                    "the file system of " + path + " cannot sync directories: Invalid argument",
                    new IOException("Invalid argument"))
                : null);
  }

  @Test
  void aDurableStoreIsRefusedWhereDirectoriesCannotBeSynced() throws IOException {
    String message = refusal(withoutDirectorySync(), StoreMode.DURABLE);
    assertTrue(message.contains("/ cannot sync directories"), message);
    assertFalse(disk.exists(ROOT));
    disk.createDirectories(ROOT);
    message = refusal(withoutDirectorySync(), StoreMode.DURABLE);
    assertTrue(message.contains("/store cannot sync directories"), message);
    assertTrue(message.contains("use a local file system, or open a cache"), message);
    assertEquals(List.of(), disk.list(ROOT));
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void aCacheGoesOnWhereDirectoriesCannotBeSynced() {
    liveOn(withoutDirectorySync(), StoreMode.CACHE);
  }

  @ParameterizedTest
  @EnumSource
  void aSyncThatFailsOtherwiseIsAFailureInEitherMode(StoreMode mode) {
    Disk broken =
        failing(
            (operation, path) ->
                operation == Operation.SYNC_DIRECTORY ? new IOException("broken") : null);
    assertTrue(refusal(broken, mode).contains("broken"));
  }

  private Disk closedParent() {
    return failing(
        (operation, path) ->
            operation == Operation.SYNC_DIRECTORY && path.equals(ROOT.getParent())
                ? new DiskShortageException(
                    "cannot open " + path, new AccessDeniedException(path.toString()))
                : null);
  }

  @ParameterizedTest
  @EnumSource
  void aDirectoryWhoseParentMayNotBeReadIsUsed(StoreMode mode) throws IOException {
    disk.createDirectories(ROOT);
    liveOn(closedParent(), mode);
  }

  @Test
  void noDirectoryIsMadeForADurableStoreWhereItsNameCannotBeSynced() throws IOException {
    String message = refusal(closedParent(), StoreMode.DURABLE);
    assertTrue(message.contains("create the directory yourself"), message);
    assertFalse(disk.exists(ROOT));
    liveOn(closedParent(), StoreMode.CACHE);
  }

  // ---- permissions ----

  @ParameterizedTest
  @ValueSource(strings = {"segments", "wal", "index", ""})
  void aPartThatMayNotBeWrittenIsFoundAtOpen(String part) {
    liveOn(disk, StoreMode.DURABLE);
    Path closed = ROOT.resolve(part);
    Disk denied =
        failing(
            (operation, path) ->
                operation == Operation.CREATE && closed.equals(path.getParent())
                    ? new AccessDeniedException(path.toString())
                    : null);
    String message = refusal(denied, StoreMode.DURABLE);
    assertTrue(message.contains(closed.toString()), message);
    assertEquals(List.of(), disk.openHandles());
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      StoreFixture.assertAll(store, 1, 2, 10_000);
    }
  }

  // ---- paths ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        " a b ",
        "quote'\"",
        "new\nline",
        "dot.",
        "-dash",
        "50%25",
        "#",
        "*?",
        "back\\slash",
        "$x;`"
      })
  void anyNameWillDo(String name) {
    live(directory.resolve("durable").resolve(name), StoreMode.DURABLE);
    live(directory.resolve("cache").resolve(name), StoreMode.CACHE);
  }

  @Test
  void anyWayToADirectoryWillDo() throws IOException {
    Path real = Files.createDirectories(directory.resolve("real"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    live(link, StoreMode.DURABLE);
    live(link.resolve("../real/./x/.."), StoreMode.DURABLE);
    live(link.resolve("below"), StoreMode.CACHE);
    live(directory.resolve("n".repeat(255)), StoreMode.DURABLE);
  }

  @Test
  void aPathTooLongForTheFilesOfAStoreIsRefusedWithNothingInIt() throws IOException {
    Path path = directory;
    while (path.toString().length() < 4_070) {
      path = path.resolve("p".repeat(Math.min(200, 4_075 - path.toString().length())));
    }
    Path root = Files.createDirectories(path);
    var e = assertThrows(StoreFailedException.class, () -> BlobStore.open(root, DURABLE));
    assertTrue(e.getMessage().contains("too long"), e.getMessage());
    assertEquals(List.of(), names(root));
    live(root.resolveSibling("s"), StoreMode.DURABLE);
  }

  @Test
  void aLinkThatLeadsNowhereIsNamed() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));
    var e = assertThrows(IllegalArgumentException.class, () -> BlobStore.open(link, DURABLE));
    assertTrue(e.getMessage().contains(link + " is a file, or a symbolic link"), e.getMessage());
    assertEquals(List.of("link"), names(directory));
  }

  @Test
  void aDirectoryOfAnotherProviderIsRefusedWithNothingInIt() throws IOException {
    Path archive = directory.resolve("archive.zip");
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Path root = zip.getPath("/store");
      for (BlobStoreOptions options : List.of(DURABLE, StoreFixture.CACHE)) {
        var e = assertThrows(IllegalArgumentException.class, () -> BlobStore.open(root, options));
        assertTrue(e.getMessage().contains("default"), e.getMessage());
        assertFalse(Files.exists(root));
      }
    }
  }
}
