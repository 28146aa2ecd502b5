package dev.quarry;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Takes in the beginning of a value of unknown length, to find out whether all of it is short
 * enough for a slab; and then gives out all of it. Refuses a value that is too long as soon as that
 * is known. For one thread and one value.
 *
 * @param <E> what the source may fail with
 */
final class ValueIntake<E extends Exception> implements ValueSource<E> {

  private static final int LEAST_BYTES = 8 << 10;

  private final ValueSource<E> source;
  private final int limit;
  private long total;
  private boolean ended;

  /** What was taken in and not given out yet, from its position to its limit. */
  private ByteBuffer taken = ByteBuffer.allocate(0);

  /**
   * @param limit the most bytes that the value may have
   */
  ValueIntake(ValueSource<E> source, int limit) {
    this.source = source;
    this.limit = limit;
  }

  /**
   * Takes in up to so many bytes, and one more to see whether there are more.
   *
   * @param expected how many bytes the value is likely to have; 0 if there is no telling
   * @return whether that is all of the value
   */
  boolean takeIn(int most, long expected) throws E {
    byte[] bytes = new byte[(int) Math.min(Math.max(expected, LEAST_BYTES), most) + 1];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (!ended && buffer.position() <= most) {
      if (!buffer.hasRemaining()) {
        int larger = (int) Math.min(2L * bytes.length, most + 1L);
        bytes = Arrays.copyOf(bytes, larger);
        buffer = ByteBuffer.wrap(bytes).position(buffer.position());
      }
      readSource(buffer);
    }
    taken = buffer.flip();
    return ended;
  }

  /** What was taken in: the whole value if {@link #takeIn} said so. */
  ByteBuffer taken() {
    return taken;
  }

  /** Bytes of the value that the source has given so far. */
  long total() {
    return total;
  }

  @Override
  public int read(ByteBuffer destination) throws E {
    if (!taken.hasRemaining()) {
      return ended ? -1 : readSource(destination);
    }
    int chunk = Math.min(taken.remaining(), destination.remaining());
    destination.put(taken.slice(taken.position(), chunk));
    taken.position(taken.position() + chunk);
    return chunk;
  }

  private int readSource(ByteBuffer destination) throws E {
    int read = source.read(destination);
    if (read < 0) {
      ended = true;
      return -1;
    }
    total += read;
    if (total > limit) {
      throw ValueTooLargeException.ofMoreThan(limit, "set for this store");
    }
    return read;
  }
}
