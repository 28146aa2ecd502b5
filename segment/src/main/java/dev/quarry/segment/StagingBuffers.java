package dev.quarry.segment;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of {@link BlockWriter}s. One is allocated in advance and kept, so that a lack of
 * memory makes writers take turns and never stops them; others are allocated when several write at
 * once, and freed afterwards. Safe for use by any number of threads.
 */
public final class StagingBuffers implements AutoCloseable {

  /** Bytes of a buffer where more are needed. */
  private static final int MOST_BYTES = 1 << 20;

  private final int bytes;
  private final SteadfastLock lock = new SteadfastLock();
  private final Condition returned = lock.newCondition();

  /** The buffer that is kept; null while a writer has it. */
  @GuardedBy("lock")
  private @Nullable DirectMemory kept;

  /** Buffers that writers have. */
  @GuardedBy("lock")
  private int taken;

  @GuardedBy("lock")
  private boolean closed;

  /**
   * Allocates the first buffer.
   *
   * @param usualBytes of what is written through them, a multiple of {@link Disk#BLOCK} from one
   *     block; no buffer is larger
   * @throws OutOfMemoryError if there is no memory for it
   */
  public StagingBuffers(int usualBytes) {
    this.bytes = bytes(usualBytes);
    this.kept = DirectMemory.allocate(bytes);
  }

  /** Bytes of the buffers for a use; the parameter is that of the constructor. */
  public static int bytes(int usualBytes) {
    return Math.min(MOST_BYTES, usualBytes);
  }

  /** A buffer, to be given back. Waits for one that another writer has if there is no memory. */
  public DirectMemory take() {
    for (; ; ) {
      DirectMemory buffer = poll();
      if (buffer != null) {
        buffer.buffer().clear();
        return buffer;
      }
      try {
        return allocate();
      } catch (OutOfMemoryError e) {
        awaitReturn(e);
      }
    }
  }

  /**
   * A buffer, to be given back, that is not the one that is kept: for a writer that may wait for
   * something outside the store, so that nobody waits for its buffer.
   *
   * @throws OutOfMemoryError if there is no memory for it
   */
  public DirectMemory takeAnother() {
    return allocate();
  }

  private @Nullable DirectMemory poll() {
    lock.lock();
    try {
      DirectMemory buffer = kept;
      kept = null;
      taken += buffer == null ? 0 : 1;
      return buffer;
    } finally {
      lock.unlock();
    }
  }

  private DirectMemory allocate() {
    DirectMemory buffer = DirectMemory.allocate(bytes);
    lock.lock();
    try {
      taken++;
    } finally {
      lock.unlock();
    }
    return buffer;
  }

  private void awaitReturn(OutOfMemoryError reason) {
    lock.lock();
    try {
      if (taken == 0 && kept == null) {
        throw reason;
      }
      while (taken > 0 && kept == null) {
        returned.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes a buffer back that nobody uses any more. */
  public void giveBack(DirectMemory buffer) {
    lock.lock();
    try {
      taken--;
      if (kept == null && !closed) {
        kept = buffer;
      } else {
        buffer.close();
      }
      returned.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of memory that the buffers take now. */
  public long memoryBytes() {
    lock.lock();
    try {
      return (taken + (kept == null ? 0 : 1)) * DirectMemory.taken(bytes);
    } finally {
      lock.unlock();
    }
  }

  /** Frees all buffers, those that writers have when they give them back. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      if (kept != null) {
        kept.close();
        kept = null;
      }
    } finally {
      lock.unlock();
    }
  }
}
