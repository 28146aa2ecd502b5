package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.ImageDisk;
import dev.quarry.crash.damage.SmallStores;
import dev.quarry.crash.damage.StoreImage;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.Xxh3KeyHash;
import dev.quarry.wal.LogContents;
import dev.quarry.wal.LogPromotion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/** A log: read, and made a segment, which must then be a good one. */
public final class LogTarget {

  private static final StagingBuffers BUFFERS = new StagingBuffers(1 << 20);
  private static final long ID = 7;
  private static final Path PATH = StoreImage.LAYOUT.log(ID);

  private LogTarget() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    byte[] file = HostileFile.log(input);
    UUID store =
        HostileFile.is(input, HostileFile.OTHER_STORE) ? new UUID(1, 1) : SmallStores.STORE;
    StoreImage image = StoreImage.empty().with(PATH, file);
    Bounds.check(file.length, () -> read(image.disk(), store));
  }

  private static void read(ImageDisk disk, UUID store) throws IOException {
    LogContents log = LogContents.read(disk, PATH, store, ID);
    log.checkReaches(log);
    if (!log.isEmpty()) {
      Xxh3KeyHash hasher = new Xxh3KeyHash(0);
      LogPromotion.promote(disk, StoreImage.LAYOUT, log, hasher, BUFFERS);
      Path segment = StoreImage.LAYOUT.segment(ID);
      if (SegmentFile.open(disk, segment, store, ID, hasher).damage() != null) {
        throw new AssertionError("a log became a damaged segment");
      }
    }
  }
}
