package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.StoreImage;
import dev.quarry.segment.StoreIdentity;

/** The STORE file. */
public final class StoreTarget {

  private StoreTarget() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    byte[] file = HostileFile.store(input);
    Bounds.check(
        file.length,
        () ->
            StoreIdentity.read(
                StoreImage.empty().with(StoreImage.LAYOUT.store(), file).disk(),
                StoreImage.LAYOUT));
  }
}
