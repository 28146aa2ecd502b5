package dev.quarry;

import dev.quarry.segment.SegmentBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A value as it lies in the store, without a copy. It stays readable and unchanged until it is
 * closed, whatever happens to its key; close it soon, as it keeps the memory or the file it lies
 * in.
 *
 * <p>Safe for use by any number of threads. A buffer must not be used after its blob is closed:
 * what it then shows is undefined, though it never brings the JVM down.
 */
public final class Blob implements AutoCloseable {

  private final SegmentBytes bytes;
  private final ByteBuffer value;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** One until the blob is closed, and one for each write under way; the pin goes with the last. */
  private final AtomicInteger holds = new AtomicInteger(1);

  /**
   * @param bytes pinned; the pin is given back by {@link #close}
   * @param value read-only
   */
  Blob(SegmentBytes bytes, ByteBuffer value) {
    this.bytes = bytes;
    this.value = value;
  }

  /**
   * Bytes in the value.
   *
   * @throws StoreClosedException if the blob is closed
   */
  public int size() {
    checkOpen();
    return value.limit();
  }

  /**
   * The value: a new read-only buffer, from position 0 to its size.
   *
   * @throws StoreClosedException if the blob is closed
   */
  public ByteBuffer buffer() {
    hold();
    try {
      bytes.lend();
      return value.duplicate();
    } finally {
      release();
    }
  }

  /**
   * Writes the whole value to a channel, which must be in blocking mode.
   *
   * @return bytes written, the size
   * @throws IOException from the channel
   * @throws StoreClosedException if the blob is closed
   */
  public int writeTo(WritableByteChannel channel) throws IOException {
    if (channel == null) {
      throw new IllegalArgumentException("the channel is null");
    }
    hold();
    try {
      if (mayKeepBuffers(channel)) {
        bytes.lend();
      }
      ByteBuffer rest = value.duplicate();
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      return rest.limit();
    } finally {
      release();
    }
  }

  /** Channels of the JDK use a buffer until the call returns; of others nobody knows. */
  private static boolean mayKeepBuffers(WritableByteChannel channel) {
    return channel.getClass().getModule() != Object.class.getModule();
  }

  private void hold() {
    checkOpen();
    if (holds.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
      checkOpen();
    }
  }

  private void release() {
    if (holds.decrementAndGet() == 0) {
      bytes.unpin();
    }
  }

  private void checkOpen() {
    if (closed.get()) {
      throw new StoreClosedException("the blob is closed");
    }
  }

  /** Lets go of the value. Further calls do nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release();
    }
  }
}
