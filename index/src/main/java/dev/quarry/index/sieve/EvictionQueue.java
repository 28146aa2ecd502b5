package dev.quarry.index.sieve;

import dev.quarry.index.Verdict;

/**
 * The records of a cache in the order in which they came, from the tail (the oldest) to the head
 * (the newest), and a hand that is between two of them or on one.
 *
 * <p>The queue is a log: records that nothing points at any more stay in it for a while, and the
 * hand passes over them. The end is where the hand has to turn back: the head, or the {@linkplain
 * GraceZone grace zone} before it.
 *
 * <p>Used by one thread. Records may be appended, replaced and read by others meanwhile.
 */
public interface EvictionQueue {

  /**
   * Moves the hand to the next record toward the head.
   *
   * @return false, and the hand stays, if there is none before the end
   */
  boolean next();

  /** Puts the hand before the oldest record. */
  void toTail();

  /**
   * Evicts the record under the hand unless it was read since the hand last saw it; called once
   * after each {@link #next} that returned true.
   */
  Verdict examine();

  /**
   * Whether all records from the hand to the end, the one under it left aside, are dead. SIEVE is
   * exact if the answer is; a queue that takes dead records for live ones turns back later, by what
   * is appended meanwhile. The hand may be moved over dead records to find out.
   */
  boolean atEnd();
}
