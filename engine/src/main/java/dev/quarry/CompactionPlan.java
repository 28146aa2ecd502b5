package dev.quarry;

import dev.quarry.segment.Batch;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.RecordFormat;
import org.agrona.collections.IntHashSet;
import org.agrona.collections.LongArrayList;

/**
 * What a compaction is to copy, and what must not be forgotten of what it does not. Not safe for
 * use by several threads.
 */
final class CompactionPlan {

  /** The longs of a live record in {@link #live}. */
  static final int LONGS = 4;

  static final int MOST_BATCH_ENTRIES = 1024;

  /** Four longs a record: number of the input, low, high, offset. */
  final LongArrayList live = new LongArrayList();

  final Shadows shadows = new Shadows();

  /** Ids of segments that the inputs replaced. */
  final IntHashSet replaced = new IntHashSet();

  /** Bytes of the live records. */
  long liveBytes;

  /** The same, each rounded up to where the next one begins. */
  private long placeBytes;

  /** Puts that go. */
  long deadPuts;

  /** Adds a record that is to be copied. */
  void addLive(int input, long low, long high, long offset, long length) {
    live.addLong(input);
    live.addLong(low);
    live.addLong(high);
    live.addLong(offset);
    liveBytes += length;
    placeBytes += RecordFormat.align(length);
  }

  /** Whether the output would have no records. */
  boolean isEmpty() {
    return live.isEmpty() && shadows.needed() == 0;
  }

  /** Bytes of the output's file, which lists so many segments as replaced. */
  long fileLength(int listed) {
    long end = FileHeader.LENGTH + batch(listed) + placeBytes;
    for (int left = shadows.needed(); left > 0; left -= MOST_BATCH_ENTRIES) {
      end += batch(Math.min(left, MOST_BATCH_ENTRIES));
    }
    return Footer.fileLength(end, listed + live.size() / LONGS + shadows.needed());
  }

  private static long batch(int entries) {
    return RecordFormat.align(RecordFormat.length(0, (long) entries * Batch.ENTRY_LENGTH));
  }
}
