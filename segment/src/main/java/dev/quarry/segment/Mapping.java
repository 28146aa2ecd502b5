package dev.quarry.segment;

import java.nio.ByteBuffer;

/** A part of a file mapped for reading. */
public interface Mapping {

  /**
   * The mapped bytes: read-only, little-endian, from position 0 to the mapped length. Always the
   * same buffer, so its position and limit are to be left alone.
   *
   * @throws IllegalStateException after {@link #unmap}
   */
  ByteBuffer buffer();

  /**
   * Gives the mapping back at once. No buffer that shares the memory may be touched afterwards, so
   * a mapping whose bytes were handed out is left to the garbage collector instead. A second call
   * does nothing.
   */
  void unmap();
}
