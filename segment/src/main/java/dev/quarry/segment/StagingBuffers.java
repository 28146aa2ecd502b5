package dev.quarry.segment;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of {@link BlockWriter}s, used over and over: memory outside the heap that is left to
 * the garbage collector may come back late. Safe for use by any number of threads.
 */
public final class StagingBuffers {

  /** Bytes of a buffer where more are needed. */
  static final int MOST_BYTES = 1 << 20;

  /** More than these, which many writers at once may need, are not kept. */
  private static final int MOST_KEPT = 4;

  private final int bytes;

  @GuardedBy("this")
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  /**
   * Makes none yet.
   *
   * @param usualBytes of what is written through them, a multiple of {@link Disk#BLOCK} from one
   *     block; no buffer is larger
   */
  public StagingBuffers(int usualBytes) {
    this.bytes = Math.min(MOST_BYTES, usualBytes);
  }

  /** A buffer, to be given back. */
  public ByteBuffer take() {
    ByteBuffer buffer = poll();
    return buffer == null ? Slab.allocate(bytes) : buffer.clear();
  }

  private synchronized @Nullable ByteBuffer poll() {
    return free.poll();
  }

  /** Takes a buffer back that nobody uses any more. */
  public synchronized void giveBack(ByteBuffer buffer) {
    if (free.size() < MOST_KEPT) {
      free.push(buffer);
    }
  }
}
