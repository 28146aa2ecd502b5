package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.Path;

/** The contract, kept by the simulated disk. */
class SimulatedDiskContractTest extends DiskContractTest {

  private final SimulatedDisk disk = new SimulatedDisk();

  @Override
  Disk disk() {
    return disk;
  }

  @Override
  Path directory() throws IOException {
    Path directory = Path.of("/store");
    disk.createDirectories(directory);
    return directory;
  }
}
