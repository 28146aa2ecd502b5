package dev.quarry.index.sieve;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes bytes in order. */
@FunctionalInterface
public interface ByteSink {

  /**
   * Takes all remaining bytes of a buffer.
   *
   * @param bytes the sink's only until it returns
   */
  void write(ByteBuffer bytes) throws IOException;
}
