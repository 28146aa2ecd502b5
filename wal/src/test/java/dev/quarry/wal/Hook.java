package dev.quarry.wal;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What happens before each call of a disk. What it throws, the call throws. */
@FunctionalInterface
interface Hook {

  void before(Operation call, Path path) throws IOException;

  /** Puts itself in front of a disk. */
  default Disk inFrontOf(Disk disk) {
    return new FaultyDisk(disk, this::fault);
  }

  private @Nullable IOException fault(Operation call, Path path) {
    try {
      before(call, path);
      return null;
    } catch (IOException e) {
      return e;
    }
  }
}
