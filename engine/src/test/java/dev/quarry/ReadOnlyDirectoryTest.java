package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A directory that may be read and not be written. */
class ReadOnlyDirectoryTest {

  private static final Set<Operation> CHANGES =
      EnumSet.of(
          Operation.CREATE_DIRECTORIES,
          Operation.CREATE,
          Operation.OPEN,
          Operation.RENAME,
          Operation.DELETE,
          Operation.LOCK);

  private final SimulatedDisk disk = new SimulatedDisk(1);
  private final AtomicBoolean readOnly = new AtomicBoolean();
  private final Disk mounted =
      new FaultyDisk(
          disk,
          (operation, path) ->
              readOnly.get() && CHANGES.contains(operation)
                  ? new DiskShortageException("cannot change " + path + ": Permission denied")
                  : null);

  private static void assertDenied(Disk on, StoreMode mode) {
    var e =
        assertThrows(
            ResourceExhaustedException.class,
            () -> StoreFixture.open(on, StoreFixture.options(mode)));
    assertTrue(e.getMessage().contains(ROOT.toString()), e.getMessage());
    assertTrue(e.getMessage().contains("Permission denied"), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void noStoreIsMadeInItAndThereIsNothingLeft(StoreMode mode) throws IOException {
    readOnly.set(true);
    assertDenied(mounted, mode);
    assertFalse(disk.exists(ROOT));
    disk.createDirectories(ROOT);
    assertDenied(mounted, mode);
    assertEquals(List.of(), disk.list(ROOT));
    assertEquals(List.of(), disk.openHandles());
  }

  @ParameterizedTest
  @EnumSource
  void aStoreInItIsNotOpenedAndLosesNothing(StoreMode mode) {
    try (BlobStore store = StoreFixture.open(mounted, StoreFixture.options(mode))) {
      StoreFixture.putAll(store, 0, 20, 10_000);
    }
    readOnly.set(true);
    assertDenied(mounted, mode);
    assertEquals(List.of(), disk.openHandles());
    readOnly.set(false);
    try (BlobStore store = StoreFixture.open(mounted, StoreFixture.options(mode))) {
      StoreFixture.assertAll(store, 0, 20, 10_000);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDirectoryThatTurnsReadOnlyUnderAStoreStopsItsWritesUntilItIsWritableAgain(StoreMode mode) {
    BlobStore store = StoreFixture.open(mounted, StoreFixture.options(mode));
    StoreFixture.putAll(store, 0, 20, 10_000);
    readOnly.set(true);
    var e =
        assertThrows(ResourceExhaustedException.class, () -> store.put(key(1), value(99, 100_000)));
    assertTrue(e.getMessage().contains(ROOT + "/segments/"), e.getMessage());
    StoreFixture.assertAll(store, 0, 20, 10_000);
    assertThrows(
        ResourceExhaustedException.class,
        () -> StoreFixture.putAll(store, 20, 100, 10_000),
        "no slab can be flushed, nor a log be created");
    StoreFixture.assertAll(store, 0, 20, 10_000);
    assertNull(store.stats().failure());
    readOnly.set(false);
    StoreFixture.putAll(store, 0, 100, 10_000);
    store.put(key(1), value(99, 100_000));
    assertNull(store.stats().failure());
    store.close();
    assertEquals(List.of(), disk.openHandles());
    try (BlobStore reopened = StoreFixture.open(disk, StoreFixture.options(mode))) {
      StoreFixture.assertAll(reopened, 2, 100, 10_000);
      assertArrayEquals(value(99, 100_000), reopened.get(key(1)));
    }
  }

  @Test
  void theFileSystemsOwnRefusalIsReportedByName(@TempDir Path directory) throws IOException {
    Path root = directory.resolve("store");
    try (BlobStore store = BlobStore.open(root, DURABLE)) {
      StoreFixture.putAll(store, 0, 3, 100);
    }
    Files.delete(root.resolve("LOCK"));
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assumeFalse(Files.isWritable(root), "permissions do not bind the superuser");
      var e = assertThrows(ResourceExhaustedException.class, () -> BlobStore.open(root, DURABLE));
      assertTrue(e.getMessage().contains(root.toString()), e.getMessage());
    } finally {
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    try (BlobStore store = BlobStore.open(root, DURABLE)) {
      StoreFixture.assertAll(store, 0, 3, 100);
    }
  }
}
