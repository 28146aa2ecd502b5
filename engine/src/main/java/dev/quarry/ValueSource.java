package dev.quarry;

import java.nio.ByteBuffer;

/**
 * The bytes of a value that a caller hands in, from the first to the last. The store asks for each
 * of them once, and keeps what it is given.
 *
 * @param <E> what a source of this kind may fail with; a failure of a source is the caller's, and
 *     says nothing about the store
 */
@FunctionalInterface
interface ValueSource<E extends Exception> {

  /**
   * Copies the next bytes to where a buffer's position is, and moves the position behind them.
   *
   * @param destination with at least one byte left
   * @return bytes copied, at least one; -1 when there are no more
   */
  int read(ByteBuffer destination) throws E;

  /** What lies between two absolute indexes of a buffer, whose own position does not matter. */
  static ValueSource<RuntimeException> of(ByteBuffer value, int from, int length) {
    ByteBuffer rest = value.slice(from, length);
    return destination -> {
      int chunk = Math.min(rest.remaining(), destination.remaining());
      if (chunk == 0) {
        return -1;
      }
      destination.put(destination.position(), rest, rest.position(), chunk);
      rest.position(rest.position() + chunk);
      destination.position(destination.position() + chunk);
      return chunk;
    };
  }
}
