package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.MappedSegment;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Slabs that are on disk and stay readable in memory, the newest few, until their memory is needed
 * for another. Readers then go to the file.
 *
 * <p>Safe for use by any number of threads; nothing here blocks.
 */
final class ResidentSlabs {

  private record Resident(ActiveSlab slab, MappedSegment mapped) {}

  private final SlabPool pool;

  /** The oldest first. */
  @GuardedBy("this")
  private final Deque<Resident> residents;

  ResidentSlabs(SlabPool pool) {
    this.pool = pool;
    this.residents = pool.deque();
  }

  /** Takes in a slab that has just got its file. */
  synchronized void add(ActiveSlab slab, MappedSegment mapped) {
    residents.add(new Resident(slab, mapped));
  }

  /** Zeroed memory for another slab, an old one's if need be; null if there is none. */
  synchronized @Nullable DirectMemory takeMemory() {
    DirectMemory memory = pool.tryTake();
    while (memory == null && letGoOldest()) {
      memory = pool.tryTake();
    }
    return memory;
  }

  /** Whether {@link #takeMemory} would find some, unless readers hold on to it. */
  synchronized boolean hasMemory() {
    return !residents.isEmpty() || pool.hasSpare();
  }

  /** Sees to it that the next taker finds memory that needs no taking away. */
  synchronized void prepareMemory() {
    if (!pool.hasSpare()) {
      letGoOldest();
    }
  }

  /**
   * Frees the memory of a slab that is on disk, for those who need it more.
   *
   * @return whether any was freed; not so if readers hold on to all there is
   */
  synchronized boolean freeMemory() {
    boolean freed = pool.freeSpare();
    while (!freed && letGoOldest()) {
      freed = pool.freeSpare();
    }
    return freed;
  }

  @GuardedBy("this")
  private boolean letGoOldest() {
    Resident oldest = residents.poll();
    if (oldest != null) {
      letGo(oldest);
    }
    return oldest != null;
  }

  private void letGo(Resident slab) {
    slab.slab.segment().moveTo(slab.mapped);
    pool.retire(slab.slab.slab());
  }

  /** Lets go of the slabs of such segments. */
  synchronized void letGo(Predicate<Segment> which) {
    for (Iterator<Resident> i = residents.iterator(); i.hasNext(); ) {
      Resident slab = i.next();
      if (which.test(slab.slab.segment())) {
        i.remove();
        letGo(slab);
      }
    }
  }
}
