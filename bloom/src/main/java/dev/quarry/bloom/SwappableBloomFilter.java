package dev.quarry.bloom;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A bloom filter that is rebuilt from the live keys and swapped while it is used, without ever
 * saying "absent" of a key that is there.
 *
 * <p><b>For who adds.</b> A key becomes visible to readers when its record is <i>published</i> (its
 * index entry is put), and an add encloses that:
 *
 * <pre>{@code
 * Epoch epoch = filter.add(low, high);
 * try {
 *   index.put(...);
 * } finally {
 *   filter.confirm(epoch);
 * }
 * }</pre>
 *
 * <p>A rebuild waits for the adds between the two calls. So do nothing there but publish: wait for
 * nothing that the rebuilding thread does, and never rebuild from there.
 *
 * <p><b>For who reads.</b> {@link #mightContain} is true at every moment for every key that is
 * published, whatever rebuilds do.
 *
 * <p><b>The protocol.</b> The state is one volatile {@link Epoch}: the current filter, which
 * readers ask, and during a rebuild the next one.
 *
 * <ol>
 *   <li>An add counts itself in at the epoch it read and reads again; if a new epoch came between,
 *       it counts itself out and starts over. Then it sets the key's bits in current and, if there
 *       is one, in next. The record is published. The add counts itself out.
 *   <li>A rebuild publishes the epoch {current, next}, waits until every add of earlier epochs has
 *       counted itself out, lets the source scan the published keys into next, and publishes {next,
 *       none}.
 * </ol>
 *
 * <p>An add that counted itself in before the new epoch is waited for, so the scan finds its record
 * published. Any other add sees the new epoch and sets its bits in next itself. Either way next
 * holds every published key before it becomes current. Both "counts in, then reads the epoch" and
 * "writes the epoch, then reads the counts" are volatile accesses, so one of the two sees the
 * other.
 *
 * <p>This closes the three ways in which a rebuild loses adds: an add that read the old epoch and
 * ends after the swap; a record on its way that the scan passes before it is published; and keys in
 * a memtable that the index does not have yet, which are {@link KeySource}'s to report.
 *
 * <p>Rejected: an add that, instead of being waited for, reads the epoch again after it published
 * and repeats itself if the epoch changed. Nothing is lost in the end, but between the swap and the
 * repeat a published key, which a reader may have seen already, is absent from the current filter.
 *
 * <p><b>Threads.</b> Everything may be called by any number of threads. Only {@link #rebuild}
 * blocks or allocates.
 */
public final class SwappableBloomFilter {

  private static final long PARK_NANOS = 50_000;

  // Constant.
  private final double rate;

  // Self-synchronised. The epoch is written by the thread that holds rebuilding.
  private final AtomicBoolean rebuilding = new AtomicBoolean();
  private volatile Epoch epoch;

  // Owned by the thread that holds rebuilding.
  private final List<AddsInFlight> earlierAdds = new ArrayList<>();

  /**
   * An empty filter.
   *
   * @param expectedKeys distinct keys until the first rebuild, from 1
   * @param falsePositiveRate for this filter and all that are rebuilt from it, from 1e-5 to 0.5
   * @throws IllegalArgumentException as {@link BlockedBloomFilter#forKeys}
   */
  public SwappableBloomFilter(long expectedKeys, double falsePositiveRate) {
    this.rate = falsePositiveRate;
    this.epoch = new Epoch(BlockedBloomFilter.forKeys(expectedKeys, falsePositiveRate), null);
  }

  /**
   * The time in which adds go to the same filters: from one step of a rebuild to the next. To
   * callers, only what joins an add to its {@link SwappableBloomFilter#confirm}.
   */
  public static final class Epoch {
    private final BlockedBloomFilter current;
    private final @Nullable BlockedBloomFilter next;
    private final AddsInFlight adds = new AddsInFlight();

    private Epoch(BlockedBloomFilter current, @Nullable BlockedBloomFilter next) {
      this.current = current;
      this.next = next;
    }
  }

  /**
   * Begins the add of a key, by the two halves of its hash, before its record is published.
   *
   * @return what {@link #confirm} must be called with, exactly once, after the record is published
   *     or the attempt failed
   */
  public Epoch add(long low, long high) {
    Epoch entered = enter();
    entered.current.add(low, high);
    if (entered.next != null) {
      entered.next.add(low, high);
    }
    return entered;
  }

  private Epoch enter() {
    while (true) {
      Epoch seen = epoch;
      seen.adds.begin();
      if (seen == epoch) {
        return seen;
      }
      seen.adds.end();
    }
  }

  /** Ends an add; from any thread. */
  public void confirm(Epoch entered) {
    entered.adds.end();
  }

  /**
   * Whether a key may be published, by the two halves of its hash: true for every key that is, and
   * for other keys at about the filter's rate.
   */
  public boolean mightContain(long low, long high) {
    return epoch.current.mightContain(low, high);
  }

  /**
   * Builds a new filter and swaps it in; adds and tests go on meanwhile. If it fails, by whatever
   * the source throws or by an interrupt, the new filter is dropped and the old one stays, with
   * every add made meanwhile.
   *
   * @param expectedKeys distinct keys the new filter is to hold, from 1: the live ones and those to
   *     be added until the next rebuild
   * @param source scans the published keys, in this thread
   * @return false, and nothing is done, if another rebuild is running
   * @throws InterruptedException if interrupted while waiting for adds to be confirmed
   * @throws IllegalArgumentException as {@link BlockedBloomFilter#forKeys}
   * @throws OutOfMemoryError if the JVM's limit of direct memory is reached
   */
  public boolean rebuild(long expectedKeys, KeySource source) throws InterruptedException {
    if (!rebuilding.compareAndSet(false, true)) {
      return false;
    }
    try {
      BlockedBloomFilter next = BlockedBloomFilter.forKeys(expectedKeys, rate);
      BlockedBloomFilter survivor = epoch.current;
      publish(new Epoch(survivor, next));
      try {
        awaitEarlierAdds();
        source.forEach(next::add);
        survivor = next;
      } finally {
        publish(new Epoch(survivor, null));
      }
      return true;
    } finally {
      rebuilding.set(false);
    }
  }

  private void publish(Epoch following) {
    earlierAdds.add(epoch.adds);
    epoch = following;
  }

  /** Waits for the adds of all epochs but the present one. */
  private void awaitEarlierAdds() throws InterruptedException {
    while (!allEarlierAddsEnded()) {
      LockSupport.parkNanos(this, PARK_NANOS);
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while adds were not confirmed");
      }
    }
  }

  private boolean allEarlierAddsEnded() {
    earlierAdds.removeIf(AddsInFlight::allEnded);
    return earlierAdds.isEmpty();
  }

  /** Whether the current filter holds more keys than it was sized for. */
  public boolean needsRebuild() {
    return keysAdded() > capacity();
  }

  /**
   * Adds that changed the current filter since it was built, the build included; see {@link
   * BlockedBloomFilter#keysAdded}. A put of a key that is in already is not counted; a key that was
   * deleted stays counted.
   */
  public long keysAdded() {
    return epoch.current.keysAdded();
  }

  /** Distinct keys the current filter was sized for. */
  public long capacity() {
    return epoch.current.capacity();
  }

  /** The false-positive rate to be expected of the current filter as it is filled now. */
  public double expectedRate() {
    BlockedBloomFilter current = epoch.current;
    return current.expectedRate(current.keysAdded());
  }

  /** Off-heap memory in bytes: of the current filter and, during a rebuild, the next one. */
  public long memoryBytes() {
    Epoch now = epoch;
    return now.current.memoryBytes() + (now.next == null ? 0 : now.next.memoryBytes());
  }
}
