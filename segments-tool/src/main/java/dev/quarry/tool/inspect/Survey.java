package dev.quarry.tool.inspect;

import dev.quarry.segment.Footer;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.RecordVisitor;
import java.util.ArrayList;
import java.util.List;

/**
 * How many records a file has, which sequence numbers they have, and what its batches list.
 *
 * @param puts records with a value
 * @param tombstones records of deletes
 * @param evictions records, of any file, that batches say were evicted
 * @param replaced the ids of segments that this one replaces
 * @param lowestSequence of puts and tombstones; 0 when there is none
 * @param highestSequence of them; 0 when there is none
 */
record Survey(
    long puts,
    long tombstones,
    long evictions,
    List<Long> replaced,
    long lowestSequence,
    long highestSequence) {

  /** Takes a copy of the list. */
  Survey {
    replaced = List.copyOf(replaced);
  }

  /** Puts and tombstones. */
  long records() {
    return puts + tombstones;
  }

  /** The same, without trust in what it is said to replace. */
  Survey replacingNone() {
    return new Survey(puts, tombstones, evictions, List.of(), lowestSequence, highestSequence);
  }

  /** In words, but for the sequence numbers. */
  String inWords() {
    return puts
        + " puts, "
        + tombstones
        + " tombstones, "
        + evictions
        + " evictions and "
        + replaced.size()
        + " replaced segments";
  }

  /** Counts records, and entries of footers. */
  static final class Counter implements RecordVisitor, Footer.EntryConsumer {

    private final List<Long> replaced = new ArrayList<>();
    private long puts;
    private long tombstones;
    private long evictions;
    private long lowest = Long.MAX_VALUE;
    private long highest;

    @Override
    public void record(byte kind, byte[] key, long offset, long length, long sequence) {
      count(kind, sequence);
    }

    @Override
    public void evicted(long low, long high, long offset, long length, long sequence) {
      evictions++;
    }

    @Override
    public void replaced(long segmentId, long offset) {
      replaced.add(segmentId);
    }

    @Override
    public void accept(long low, long high, long offset, long length, long sequence, byte kind) {
      switch (kind) {
        case Footer.EVICTED -> evictions++;
        case Footer.REPLACED -> replaced.add(low);
        default -> count(kind, sequence);
      }
    }

    private void count(byte kind, long sequence) {
      if (kind == RecordFormat.PUT) {
        puts++;
      } else {
        tombstones++;
      }
      lowest = Math.min(lowest, sequence);
      highest = Math.max(highest, sequence);
    }

    Survey survey() {
      long first = puts + tombstones == 0 ? 0 : lowest;
      return new Survey(puts, tombstones, evictions, replaced, first, highest);
    }
  }
}
