package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.Slab;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** A pool with a bug, each of which a careless change to {@link SlabPool} could bring about. */
final class PlantedPool implements SlabPoolLincheckTest.Pool {

  enum Bug {
    /** Whether there is room for another is looked up before it is taken, not with it. */
    TAKES_IN_TWO_STEPS,

    /** Memory is used again as soon as its slab is retired, whoever reads it. */
    FORGETS_READERS,

    /** Memory that is being zeroed may be taken meanwhile. */
    CLEANS_IN_PLACE
  }

  private final Bug bug;

  @GuardedBy("this")
  private final Deque<ByteBuffer> used = new ArrayDeque<>();

  @GuardedBy("this")
  private int existing;

  @GuardedBy("this")
  private int lingering;

  PlantedPool(Bug bug) {
    this.bug = bug;
  }

  @Override
  public @Nullable ByteBuffer tryTake() {
    return bug == Bug.TAKES_IN_TWO_STEPS ? take(hasRoom()) : takeIfThereIsRoom();
  }

  private synchronized @Nullable ByteBuffer takeIfThereIsRoom() {
    return take(hasRoom());
  }

  private synchronized boolean hasRoom() {
    return !used.isEmpty() || existing - lingering < SlabPoolLincheckTest.MOST_SLABS;
  }

  private synchronized @Nullable ByteBuffer take(boolean allowed) {
    if (!allowed) {
      return null;
    }
    ByteBuffer memory = used.poll();
    if (memory == null) {
      existing++;
      return Slab.allocate(Disk.BLOCK);
    }
    return zero(memory);
  }

  @Override
  public void retire(Slab slab) {
    synchronized (this) {
      lingering++;
      if (bug == Bug.FORGETS_READERS) {
        takeBack(slab.head());
      }
    }
    slab.retire();
  }

  @Override
  public synchronized void giveBack(ByteBuffer memory) {
    if (bug != Bug.FORGETS_READERS) {
      takeBack(memory);
    }
  }

  @GuardedBy("this")
  private void takeBack(ByteBuffer memory) {
    lingering--;
    if (existing - lingering > SlabPoolLincheckTest.MOST_SLABS) {
      existing--;
    } else {
      used.add(memory);
    }
  }

  @Override
  public void clean() {
    ByteBuffer memory;
    synchronized (this) {
      memory = used.peek();
    }
    if (memory != null) {
      zero(memory);
    }
  }

  private static ByteBuffer zero(ByteBuffer memory) {
    new UnsafeBuffer(memory).setMemory(0, memory.capacity(), (byte) 0);
    return memory;
  }
}
