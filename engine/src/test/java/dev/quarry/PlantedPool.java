package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.Slab;
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
  private final Deque<DirectMemory> used = new ArrayDeque<>();

  @GuardedBy("this")
  private int existing;

  @GuardedBy("this")
  private int lingering;

  PlantedPool(Bug bug) {
    this.bug = bug;
  }

  @Override
  public @Nullable DirectMemory tryTake() {
    return bug == Bug.TAKES_IN_TWO_STEPS ? take(hasRoom()) : takeIfThereIsRoom();
  }

  private synchronized @Nullable DirectMemory takeIfThereIsRoom() {
    return take(hasRoom());
  }

  private synchronized boolean hasRoom() {
    return !used.isEmpty() || existing - lingering < SlabPoolLincheckTest.MOST_SLABS;
  }

  private synchronized @Nullable DirectMemory take(boolean allowed) {
    if (!allowed) {
      return null;
    }
    DirectMemory memory = used.poll();
    if (memory == null) {
      existing++;
      return DirectMemory.allocate(Disk.BLOCK);
    }
    return zero(memory);
  }

  @Override
  public void retire(Slab slab, DirectMemory memory) {
    synchronized (this) {
      lingering++;
      if (bug == Bug.FORGETS_READERS) {
        takeBack(memory);
      }
    }
    slab.retire();
  }

  @Override
  public synchronized void giveBack(DirectMemory memory) {
    if (bug != Bug.FORGETS_READERS) {
      takeBack(memory);
    }
  }

  @GuardedBy("this")
  private void takeBack(DirectMemory memory) {
    lingering--;
    if (existing - lingering > SlabPoolLincheckTest.MOST_SLABS) {
      existing--;
    } else {
      used.add(memory);
    }
  }

  @Override
  public void clean() {
    DirectMemory memory;
    synchronized (this) {
      memory = used.peek();
    }
    if (memory != null) {
      zero(memory);
    }
  }

  private static DirectMemory zero(DirectMemory memory) {
    new UnsafeBuffer(memory.buffer()).setMemory(0, Disk.BLOCK, (byte) 0);
    return memory;
  }
}
