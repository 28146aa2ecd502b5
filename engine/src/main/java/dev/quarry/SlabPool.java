package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Slab;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The memory of slabs: at most a given number of them, used over and over.
 *
 * <p>Memory that a reader still holds on to after its slab was retired does not count against the
 * bound, so that a blob kept open for long cannot stop the writers; it comes back, or is let go,
 * when the reader is done.
 *
 * <p>Safe for use by any number of threads; nothing here blocks.
 */
final class SlabPool {

  private final int bytes;
  private final int most;

  @GuardedBy("this")
  private final Deque<ByteBuffer> clean = new ArrayDeque<>();

  @GuardedBy("this")
  private final Deque<ByteBuffer> used = new ArrayDeque<>();

  /** Slabs' worth of memory in existence. */
  @GuardedBy("this")
  private int existing;

  /** How many of those belong to retired slabs that readers hold on to. */
  @GuardedBy("this")
  private int lingering;

  /**
   * @param bytes of one slab
   * @param most slabs
   */
  SlabPool(int bytes, int most) {
    this.bytes = bytes;
    this.most = most;
  }

  /**
   * Zeroed memory for a slab, whose {@link Slab} gives it back by {@link #giveBack}.
   *
   * @return null if all there may be is in use
   */
  @Nullable ByteBuffer tryTake() {
    ByteBuffer memory;
    synchronized (this) {
      memory = clean.poll();
      if (memory != null) {
        return memory;
      }
      memory = used.poll();
      if (memory == null) {
        if (existing - lingering >= most) {
          return null;
        }
        existing++;
      }
    }
    return memory == null ? allocate() : zero(memory);
  }

  private ByteBuffer allocate() {
    try {
      return Slab.allocate(bytes);
    } catch (Throwable e) {
      synchronized (this) {
        existing--;
      }
      throw e;
    }
  }

  /** Retires a slab, all of whose contents are elsewhere. */
  void retire(Slab slab) {
    synchronized (this) {
      lingering++;
    }
    slab.retire();
  }

  /** Takes the memory of a retired slab back, its last reader being gone. */
  synchronized void giveBack(ByteBuffer memory) {
    lingering--;
    if (existing - lingering > most) {
      existing--;
    } else {
      used.add(memory);
    }
  }

  /** Takes memory back that was taken, but of which no slab was made. */
  synchronized void putBack(ByteBuffer memory) {
    used.add(memory);
  }

  /** Zeroes memory that was given back, so that the next taker need not. */
  void clean() {
    ByteBuffer memory;
    synchronized (this) {
      memory = clean.isEmpty() ? used.poll() : null;
    }
    if (memory != null) {
      zero(memory);
      synchronized (this) {
        clean.add(memory);
      }
    }
  }

  /** Whether {@link #tryTake} would find memory that needs no retiring of a slab. */
  synchronized boolean hasSpare() {
    return !clean.isEmpty() || !used.isEmpty() || existing - lingering < most;
  }

  /** Bytes of memory in existence. */
  synchronized long memoryBytes() {
    return (long) existing * bytes;
  }

  private ByteBuffer zero(ByteBuffer memory) {
    try {
      new UnsafeBuffer(memory).setMemory(0, memory.capacity(), (byte) 0);
      return memory;
    } catch (Throwable e) { // the heap is full
      putBack(memory);
      throw e;
    }
  }
}
