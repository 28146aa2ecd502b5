package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.index.Location;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.collections.LongArrayList;

/**
 * Takes tombstones out of the index when they are no longer needed there: when every record with a
 * lower sequence number is published, or never will be. Until then such a record, of a put that is
 * still on its way or of a large value still being written, could bring a deleted key back.
 *
 * <p>That is so when the tombstone's slab and all before it are settled, so slabs are swept in
 * their order. Safe for use by any number of threads.
 */
final class TombstoneSweeper {

  /** The tombstones of a slab: three longs each, low and high half of the hash and location. */
  private record Unswept(Slab slab, Segment segment, LongArrayList tombstones) {}

  private final KeyDirectory directory;
  private final Consumer<Segment> settled;

  /** The oldest first. Not a deque, which loses all it holds if there is no memory to grow. */
  @GuardedBy("this")
  private final List<Unswept> unswept = new ArrayList<>();

  /**
   * @param settled told of every segment that is
   */
  TombstoneSweeper(KeyDirectory directory, Consumer<Segment> settled) {
    this.directory = directory;
    this.settled = settled;
  }

  /** Takes note of the tombstones of a sealed slab whose memory is still there. */
  synchronized void add(Slab slab, Segment segment) {
    LongArrayList tombstones = new LongArrayList();
    long[] hash = new long[2];
    slab.forEachRecord(
        slab.end(),
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.TOMBSTONE) {
            directory.hasher().hash(key, hash);
            tombstones.addLong(hash[0]);
            tombstones.addLong(hash[1]);
            tombstones.addLong(Location.pack((int) slab.id(), offset, true));
          }
        });
    unswept.add(new Unswept(slab, segment, tombstones));
  }

  /** Sweeps the slabs that are settled, and notes that their segments are. */
  synchronized void sweep() {
    while (!unswept.isEmpty() && unswept.get(0).slab.isSettled()) {
      Unswept next = unswept.get(0); // until all is done: there may be no memory for it
      LongArrayList tombstones = next.tombstones;
      for (int i = 0; i < tombstones.size(); i += 3) {
        directory.forget(
            tombstones.getLong(i), tombstones.getLong(i + 1), tombstones.getLong(i + 2));
      }
      next.segment.setSettled();
      unswept.remove(0);
      settled.accept(next.segment);
    }
  }
}
