package dev.quarry.segment;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract, kept by the file system of the machine. */
class FileSystemDiskContractTest extends DiskContractTest {

  @TempDir private Path directory;

  @Override
  Disk disk() {
    return new FileSystemDisk();
  }

  @Override
  Path directory() {
    return directory;
  }
}
