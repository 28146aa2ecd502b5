package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FileSystemDiskTest {

  private static final Set<String> DIRECT_FILE_SYSTEMS = Set.of("ext4", "xfs", "btrfs");

  @TempDir private Path directory;

  private final FileSystemDisk disk = new FileSystemDisk();

  private static boolean isDirect(DiskFile file) {
    return ((DirectFile) file).isDirect();
  }

  @Test
  void writesGoPastThePageCacheWhereTheyCan() throws IOException {
    assumeTrue(DIRECT_FILE_SYSTEMS.contains(Files.getFileStore(directory).type()));
    Path path = directory.resolve("a");
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(1, 2), 0);
      file.force();
      assertTrue(isDirect(file));
    }
    try (DiskFile file = disk.open(path)) {
      assertTrue(isDirect(file));
    }
    try (DiskFile file = disk.openForRead(path)) {
      assertFalse(isDirect(file));
    }
  }

  @Test
  void aMemoryFileSystemWorksDirectOrNot() throws IOException {
    Path memory = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(memory));
    Path inMemory = Files.createTempDirectory(memory, "quarry");
    Path path = inMemory.resolve("a");
    try (DiskFile file = disk.create(path)) {
      file.write(Blocks.of(1, 2, 3), 0);
      file.write(Blocks.of(4), Disk.BLOCK);
      file.force();
      assertEquals("1 4 3", Blocks.values(disk, path));
    } finally {
      disk.delete(path);
      disk.delete(inMemory);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullFileSystemIsReportedAsFullAndUsableOnceThereIsSpace() throws Exception {
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory.toString()));
    try {
      Path path = directory.resolve("a");
      Blocks.write(disk, directory.resolve("b"), 1, 2, 3, 4);
      try (DiskFile file = disk.create(path)) {
        DiskFullException e =
            assertThrows(
                DiskFullException.class,
                () -> {
                  for (long at = 0; at <= 64 << 10; at += Disk.BLOCK) {
                    file.write(Blocks.of(7), at);
                  }
                });
        assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
        assertTrue(disk.usableSpace(directory) < Disk.BLOCK);
        disk.delete(directory.resolve("b"));
        file.write(Blocks.of(8), 0);
      }
      assertEquals(8, Blocks.read(disk, path)[0]);
    } finally {
      run("umount", directory.toString());
    }
  }

  private static boolean run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor(120, TimeUnit.SECONDS) && process.exitValue() == 0;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void unmappingTakesEffectAtOnceAtAnyPosition() throws IOException {
    Path path = directory.resolve("unmapped.seg");
    Blocks.write(disk, path, 1, 2, 3);
    for (long position : new long[] {0, 8, Disk.BLOCK - 8, Disk.BLOCK, Disk.BLOCK + 16}) {
      Mapping mapping = disk.map(path, position, Disk.BLOCK);
      assertTrue(isMapped(path));
      mapping.unmap();
      assertFalse(isMapped(path), "still mapped at " + position);
    }
  }

  private static boolean isMapped(Path path) throws IOException {
    return Files.readString(Path.of("/proc/self/maps")).contains(path.getFileName().toString());
  }

  @Test
  void aFailureToFindOutIsNotTakenForAMissingFile() {
    Path path = directory.resolve("x".repeat(5_000));
    IOException e = assertThrows(IOException.class, () -> disk.exists(path));
    assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
  }

  /** As ramfs does, which is bounded by memory alone, and some network file systems. */
  @Test
  void aFileSystemThatSaysItHasNoSpaceAtAllIsNotTakenForAFullOne() throws IOException {
    Path noDisk = Path.of("/proc");
    assumeTrue(Files.isDirectory(noDisk) && Files.getFileStore(noDisk).getTotalSpace() == 0);
    assertEquals(Long.MAX_VALUE, new FileSystemDisk().usableSpace(noDisk));
  }

  @Test
  void aLinkToADirectoryIsADirectory() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
    new FileSystemDisk().createDirectories(link);
    new FileSystemDisk().createDirectories(link.resolve("below"));
    assertTrue(Files.isDirectory(directory.resolve("below")));
  }
}
