package dev.quarry.crash.fuzz;

import dev.quarry.index.sieve.Ghost;
import dev.quarry.index.sieve.GhostImage;
import java.nio.ByteBuffer;

/** The ghost of a cache, which is in a checkpoint and has no checksum of its own. */
public final class GhostTarget {

  private static final long CAPACITY = 1 << 20;

  private GhostTarget() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    Bounds.check(input.length, () -> read(ByteBuffer.wrap(input)));
  }

  /** Reads the image of a ghost, which may say by its exception that it is none, and uses it. */
  static void read(ByteBuffer image) {
    Ghost ghost;
    try {
      ghost = GhostImage.read(image, CAPACITY, () -> 100);
    } catch (IllegalArgumentException e) {
      return;
    }
    for (long i = 0; i < 20; i++) {
      ghost.add(i * 0x9E37_79B9_7F4A_7C15L, i, 1000);
      ghost.contains(i, i);
    }
  }
}
