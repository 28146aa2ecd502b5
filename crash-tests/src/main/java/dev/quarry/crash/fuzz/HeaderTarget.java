package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.SmallStores;
import dev.quarry.crash.damage.StoreImage;
import dev.quarry.segment.FileHeader;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The header that every file begins with. */
public final class HeaderTarget {

  private static final Path PATH = StoreImage.LAYOUT.segment(7);

  private HeaderTarget() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    byte[] file = HostileFile.store(input);
    for (long magic :
        new long[] {
          FileHeader.SEGMENT_MAGIC, FileHeader.STORE_MAGIC, FileHeader.CHECKPOINT_MAGIC
        }) {
      Bounds.check(file.length, () -> FileHeader.decode(ByteBuffer.wrap(file), PATH, magic));
    }
    Bounds.check(
        file.length,
        () -> FileHeader.decodeSegment(ByteBuffer.wrap(file), PATH, SmallStores.STORE, 7));
  }
}
