package dev.quarry.index.sieve;

import dev.quarry.index.Verdict;
import java.util.function.BooleanSupplier;

/**
 * SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024).
 *
 * <p>The hand goes from the oldest record to the newest and begins again at the oldest. It spares a
 * record that was read since it last came by, which keeps its place, and evicts one that was not.
 * Then it rests: the next eviction goes on from there. If it rests at the end, where no live record
 * is left before it, it goes back to the tail at once, so that what is appended before the next
 * eviction is not looked at before the old ones are; this is what the authors' code does.
 *
 * <p>Used by one thread.
 */
public final class Sieve {

  /** One lap clears every mark, so a second one evicts whatever is not read all the time. */
  private static final int BARREN_LAPS = 2;

  private final EvictionQueue queue;

  /** Creates the policy of a queue, whose hand it moves from now on. */
  public Sieve(EvictionQueue queue) {
    this.queue = queue;
  }

  /**
   * Evicts one record after the other until enough are out.
   *
   * @param needed asked before each record that is looked at whether to go on; the hand stays where
   *     it is when the answer is no
   * @return false if more was needed, but the hand went round twice without finding a victim
   */
  public boolean evictWhile(BooleanSupplier needed) {
    int turns = 0;
    while (needed.getAsBoolean()) {
      if (!queue.next()) {
        queue.toTail();
        // The first turn ends the lap that the last call began.
        if (turns++ == BARREN_LAPS) {
          return false;
        }
      } else if (queue.examine() == Verdict.EVICTED) {
        turns = 0;
        if (queue.atEnd()) {
          queue.toTail();
        }
      }
    }
    return true;
  }
}
