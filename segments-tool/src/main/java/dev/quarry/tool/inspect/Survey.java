package dev.quarry.tool.inspect;

import dev.quarry.segment.RecordFormat;

/**
 * How many records a file has and which sequence numbers they have.
 *
 * @param puts records with a value
 * @param tombstones records of deletes
 * @param lowestSequence of them; 0 when there is none
 * @param highestSequence of them; 0 when there is none
 */
public record Survey(long puts, long tombstones, long lowestSequence, long highestSequence) {

  /** Puts and tombstones. */
  public long records() {
    return puts + tombstones;
  }

  /** Counts records. */
  static final class Counter {

    private long puts;
    private long tombstones;
    private long lowest = Long.MAX_VALUE;
    private long highest;

    void count(byte kind, long sequence) {
      if (kind == RecordFormat.PUT) {
        puts++;
      } else {
        tombstones++;
      }
      lowest = Math.min(lowest, sequence);
      highest = Math.max(highest, sequence);
    }

    Survey survey() {
      return new Survey(puts, tombstones, highest == 0 ? 0 : lowest, highest);
    }
  }
}
