package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Segments that nothing leads to any more, but whose files are there: a reader may hold a pin, and
 * until a deletion is on stable storage a crash may undo it. Until then they count as present,
 * wherever it matters what a restart would find.
 *
 * <p>Safe for use by any number of threads; one at a time {@linkplain #clear clears}.
 */
final class Graveyard {

  private final Disk disk;
  private final StoreLayout layout;

  @GuardedBy("this")
  private final List<Segment> buried = new ArrayList<>();

  Graveyard(Disk disk, StoreLayout layout) {
    this.disk = disk;
    this.layout = layout;
  }

  /** Takes segments in, which are about to leave the table, and then to be retired. */
  synchronized void bury(Collection<Segment> segments) {
    buried.addAll(segments);
  }

  /** Gives segments back that did not leave the table after all. */
  synchronized void exhume(Collection<Segment> segments) {
    buried.removeAll(segments);
  }

  /**
   * Deletes the files of those that no reader holds on to, durably.
   *
   * @return whether there were any
   */
  boolean clear() throws IOException {
    List<Segment> free = new ArrayList<>(all());
    free.removeIf(Segment::isPinned);
    for (Segment segment : free) {
      disk.delete(segment.path());
    }
    if (!free.isEmpty()) {
      disk.syncDirectory(layout.segments());
      removeAll(free);
    }
    return !free.isEmpty();
  }

  private synchronized void removeAll(List<Segment> gone) {
    buried.removeAll(gone);
  }

  /** Those whose files are there. */
  synchronized List<Segment> all() {
    return List.copyOf(buried);
  }

  /** Bytes of their files. */
  synchronized long bytes() {
    long sum = 0;
    for (Segment segment : buried) {
      sum += Objects.requireNonNull(segment.trailer()).fileLength();
    }
    return sum;
  }
}
