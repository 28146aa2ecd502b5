package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.DirectMemoryLimit;
import dev.quarry.segment.Slab;
import java.util.ArrayDeque;
import java.util.Deque;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The memory of slabs: at most a given number of them, used over and over. One is allocated in
 * advance, the others when they are needed. Where the JVM has no memory for another, the pool works
 * as if there were to be no more than there are.
 *
 * <p>Memory that a reader still holds on to after its slab was retired does not count against the
 * bound, so that a blob kept open for long cannot stop the writers; it comes back, or is freed,
 * when the reader is done.
 *
 * <p>Safe for use by any number of threads; nothing here blocks.
 */
final class SlabPool implements AutoCloseable {

  private final int bytes;
  private final int most;

  @GuardedBy("this")
  private final Deque<DirectMemory> clean;

  @GuardedBy("this")
  private final Deque<DirectMemory> used;

  /** Slabs' worth of memory in existence. */
  @GuardedBy("this")
  private int existing;

  /** How many of those belong to retired slabs that readers hold on to. */
  @GuardedBy("this")
  private int lingering;

  @GuardedBy("this")
  private boolean closed;

  /**
   * Allocates the memory of the first slab.
   *
   * @param bytes of one slab
   * @param most slabs
   * @throws OutOfMemoryError if there is no memory for it
   */
  SlabPool(int bytes, int most) {
    this.bytes = bytes;
    this.most = most;
    this.clean = deque();
    this.used = deque();
    clean.add(DirectMemory.allocate(bytes));
    existing = 1;
  }

  /**
   * A queue that need not grow for a slab: one that must, and finds no memory, loses what it holds.
   */
  <T> Deque<T> deque() {
    return new ArrayDeque<>(most + 2);
  }

  /**
   * Zeroed memory for a slab, to be given back by {@link #giveBack} when the slab is released.
   *
   * @return null if all there may be is in use, or the JVM has no memory for more
   */
  @Nullable DirectMemory tryTake() {
    DirectMemory memory;
    synchronized (this) {
      memory = clean.poll();
      if (memory != null) {
        return memory;
      }
      memory = used.poll();
      if (memory == null) {
        if (!mayAllocate()) {
          return null;
        }
        existing++;
      }
    }
    return memory == null ? allocate() : zero(memory);
  }

  @GuardedBy("this")
  private boolean mayAllocate() {
    return existing - lingering < most && !DirectMemoryLimit.isShort(DirectMemory.taken(bytes));
  }

  private @Nullable DirectMemory allocate() {
    try {
      return DirectMemory.allocate(bytes);
    } catch (OutOfMemoryError e) {
      synchronized (this) {
        existing--;
      }
      return null;
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
  synchronized void giveBack(DirectMemory memory) {
    lingering--;
    if (closed || existing - lingering > most) {
      existing--;
      memory.close();
    } else {
      used.add(memory);
    }
  }

  /** Takes memory back that was taken, but of which no slab was made. */
  synchronized void putBack(DirectMemory memory) {
    if (closed) {
      existing--;
      memory.close();
    } else {
      used.add(memory);
    }
  }

  /** Zeroes memory that was given back, so that the next taker need not. */
  void clean() {
    DirectMemory memory;
    synchronized (this) {
      memory = clean.isEmpty() ? used.poll() : null;
    }
    if (memory != null) {
      zero(memory);
      synchronized (this) {
        if (!closed) {
          clean.add(memory);
          return;
        }
      }
      putBack(memory);
    }
  }

  /** Whether {@link #tryTake} would find memory that needs no retiring of a slab. */
  synchronized boolean hasSpare() {
    return !clean.isEmpty() || !used.isEmpty() || mayAllocate();
  }

  /** Frees memory that no slab uses, for those who need it more; false if there is none. */
  synchronized boolean freeSpare() {
    DirectMemory memory = used.isEmpty() ? clean.poll() : used.poll();
    if (memory == null) {
      return false;
    }
    existing--;
    memory.close();
    return true;
  }

  /** Bytes of memory in existence, without what aligning it takes. */
  synchronized long memoryBytes() {
    return (long) existing * bytes;
  }

  /** Frees all memory; that of slabs when they are released. */
  @Override
  public synchronized void close() {
    closed = true;
    while (freeSpare()) {}
  }

  private DirectMemory zero(DirectMemory memory) {
    try {
      new UnsafeBuffer(memory.buffer()).setMemory(0, bytes, (byte) 0);
      return memory;
    } catch (Throwable e) { // the heap is full
      putBack(memory);
      throw e;
    }
  }
}
