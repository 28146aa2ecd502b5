package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.SmallStores;
import dev.quarry.crash.damage.StoreImage;
import dev.quarry.index.checkpoint.Checkpoint;
import dev.quarry.segment.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;

/** A checkpoint: what it covers, its entries, and the ghost in it. */
public final class CheckpointTarget {

  private CheckpointTarget() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    byte[] file = HostileFile.checkpoint(input);
    UUID store =
        HostileFile.is(input, HostileFile.OTHER_STORE) ? new UUID(1, 1) : SmallStores.STORE;
    Disk disk = StoreImage.empty().with(StoreImage.LAYOUT.checkpoint(), file).disk();
    Bounds.check(file.length, () -> read(disk, store));
  }

  private static void read(Disk disk, UUID store) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(disk, StoreImage.LAYOUT, store)) {
      if (checkpoint != null) {
        long[] count = {0};
        checkpoint.forEachEntry((low, high, location, length, visited) -> count[0]++);
        if (count[0] != checkpoint.entries()) {
          throw new AssertionError(count[0] + " entries of " + checkpoint.entries());
        }
        ByteBuffer blob = checkpoint.head().blob();
        if (blob.hasRemaining()) {
          GhostTarget.read(blob);
        }
      }
    }
  }
}
