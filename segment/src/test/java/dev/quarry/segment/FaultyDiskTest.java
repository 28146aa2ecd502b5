package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.segment.FaultyDisk.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultyDiskTest {

  private static final Path A = Path.of("/a");

  @Test
  void onlyTheChosenCallsFail() throws IOException {
    IOException fault = new IOException("Input/output error");
    FaultyDisk disk =
        new FaultyDisk(
            new SimulatedDisk(),
            (operation, path) -> operation == Operation.READ && path.equals(A) ? fault : null);
    Blocks.write(disk, A, 1);
    Blocks.write(disk, Path.of("/b"), 2);
    try (DiskFile file = disk.open(A)) {
      assertSame(
          fault, assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(1), 0)));
      file.write(Blocks.of(3), 0);
    }
    assertEquals("2", Blocks.values(disk, Path.of("/b")));
  }

  @Test
  void everyCallIsAskedAbout() throws IOException {
    List<Operation> asked = new ArrayList<>();
    FaultyDisk disk =
        new FaultyDisk(
            new SimulatedDisk(),
            (operation, path) -> {
              asked.add(operation);
              return null;
            });
    Path store = Path.of("/store");
    Path file = store.resolve("a");
    disk.createDirectories(store);
    disk.exists(store);
    disk.list(store);
    try (DiskFile created = disk.create(file)) {
      created.write(Blocks.of(1, 2), 0);
      created.truncate(Disk.BLOCK);
      created.force();
      created.read(ByteBuffer.allocate(1), 0);
      created.size();
    }
    disk.open(file).close();
    disk.openForRead(file).close();
    disk.map(file, 0, 8).unmap();
    disk.rename(file, store.resolve("b"));
    disk.delete(store.resolve("b"));
    disk.syncDirectory(store);
    disk.usableSpace(store);
    disk.lock(store.resolve("LOCK")).close();
    assertEquals(
        List.of(
            Operation.CREATE_DIRECTORIES,
            Operation.EXISTS,
            Operation.LIST,
            Operation.CREATE,
            Operation.WRITE,
            Operation.TRUNCATE,
            Operation.FORCE,
            Operation.READ,
            Operation.SIZE,
            Operation.OPEN,
            Operation.OPEN_FOR_READ,
            Operation.MAP,
            Operation.RENAME,
            Operation.DELETE,
            Operation.SYNC_DIRECTORY,
            Operation.USABLE_SPACE,
            Operation.LOCK),
        asked);
  }
}
