package dev.quarry.bloom;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The rebuild protocol once more, as plain as can be, with a bug planted on demand. */
final class PlantedHolder implements Holder {

  enum Bug {
    NONE,
    /** An add goes to the current filter only. */
    ADDS_SKIP_NEXT,
    /** The scan does not wait for the adds that began before it. */
    SCAN_DOES_NOT_WAIT,
    /** As above, but an add repeats itself after publishing if the state changed. */
    RE_READ_INSTEAD_OF_WAIT,
    /** An add counts itself in, but does not look whether the state is still the one it read. */
    COUNTS_IN_BLINDLY,
    /** The next filter is published after the scan instead of before it. */
    NEXT_PUBLISHED_AFTER_SCAN
  }

  private static final class State {
    final BlockedBloomFilter current;
    final @Nullable BlockedBloomFilter next;
    final AddsInFlight adds = new AddsInFlight();

    State(BlockedBloomFilter current, @Nullable BlockedBloomFilter next) {
      this.current = current;
      this.next = next;
    }

    void add(long low, long high, Bug bug) {
      current.add(low, high);
      if (next != null && bug != Bug.ADDS_SKIP_NEXT) {
        next.add(low, high);
      }
    }
  }

  private final Bug bug;
  private final AtomicBoolean rebuilding = new AtomicBoolean();
  private volatile State state;
  private volatile State duringLastRebuild;

  PlantedHolder(long expectedKeys, Bug bug) {
    this.bug = bug;
    this.state = new State(BlockedBloomFilter.forKeys(expectedKeys, 0.001), null);
    this.duringLastRebuild = state;
  }

  @Override
  public Object add(long low, long high) {
    State seen = state;
    seen.adds.begin();
    while (seen != state && bug != Bug.COUNTS_IN_BLINDLY) {
      seen.adds.end();
      seen = state;
      seen.adds.begin();
    }
    seen.add(low, high, bug);
    return seen;
  }

  @Override
  public void confirm(Object token, long low, long high) {
    State now = state;
    if (bug == Bug.RE_READ_INSTEAD_OF_WAIT && now != token) {
      now.add(low, high, bug);
    }
    ((State) token).adds.end();
  }

  @Override
  public boolean mightContain(long low, long high) {
    return state.current.mightContain(low, high);
  }

  @Override
  public boolean rebuild(long expectedKeys, KeySource source) throws InterruptedException {
    if (!rebuilding.compareAndSet(false, true)) {
      return false;
    }
    State before = state;
    State ofLastRebuild = duringLastRebuild;
    BlockedBloomFilter next = BlockedBloomFilter.forKeys(expectedKeys, 0.001);
    State during = new State(before.current, next);
    if (bug != Bug.NEXT_PUBLISHED_AFTER_SCAN) {
      state = during;
      awaitAdds(before);
      awaitAdds(ofLastRebuild);
    }
    source.forEach(next::add);
    state = during;
    state = new State(next, null);
    duringLastRebuild = during;
    rebuilding.set(false);
    return true;
  }

  private void awaitAdds(State earlier) {
    if (bug == Bug.SCAN_DOES_NOT_WAIT || bug == Bug.RE_READ_INSTEAD_OF_WAIT) {
      return;
    }
    while (!earlier.adds.allEnded()) {
      LockSupport.parkNanos(this, 10_000);
    }
  }
}
