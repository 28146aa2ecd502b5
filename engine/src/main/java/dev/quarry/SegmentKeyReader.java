package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.keys.KeySink;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.FooterBuilder;
import dev.quarry.segment.Lack;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Trailer;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the keys of segments on disk. The footer says which records there are and what their keys'
 * hashes are; a key is believed when it has that hash, whatever has befallen the rest of its
 * record. Where a key with a value cannot be read, listings are incomplete: that is noted, and
 * {@link #checkComplete} throws for as long as it is so.
 *
 * <p>Safe for use by any number of threads.
 */
final class SegmentKeyReader {

  /** Up to this many bytes of a key are tried where its length is damaged. */
  private static final int LONGEST_SEARCHED = 1024;

  private final SegmentTable segments;
  private final KeyDirectory directory;
  private final DeadStretches stretches;
  private final CopyOnWriteArrayList<Gap> gaps = new CopyOnWriteArrayList<>();

  /**
   * What listings lack: one record, or all of a segment if the location is {@link Location#NONE}.
   */
  private record Gap(
      Segment segment, long low, long high, long location, CorruptionException damage) {}

  SegmentKeyReader(SegmentTable segments, KeyDirectory directory, DeadStretches stretches) {
    this.segments = segments;
    this.directory = directory;
    this.stretches = stretches;
  }

  /**
   * Hands the keys of a settled segment to a key index. Those without a value are left out: what
   * gives them one is in a segment that has not settled.
   *
   * @param bytes of the segment, pinned
   */
  void feed(Segment segment, SegmentBytes bytes, KeySink sink) {
    boolean isComplete =
        forEachEntry(
            segment,
            bytes,
            (low, high, offset, length, sequence, kind) -> {
              long newest = directory.index().get(low, high);
              if (kind == RecordFormat.PUT && newest != Location.NONE) {
                byte[] key = key(segment, bytes, low, high, offset, length);
                if (key != null) {
                  sink.put(key);
                  if (!Location.isTombstone(newest)) {
                    stretches.cut(key);
                  }
                } else if (newest == Location.pack(segment.id(), offset, false)) {
                  missed(segment, low, high, offset);
                  sink.leaveUncovered();
                }
              } else if (kind == RecordFormat.TOMBSTONE
                  && (newest == Location.NONE
                      || newest == Location.pack(segment.id(), offset, true))) {
                byte[] key = key(segment, bytes, low, high, offset, length);
                if (key != null) {
                  sink.delete(key);
                }
              }
            });
    if (!isComplete) {
      sink.leaveUncovered();
    }
  }

  /**
   * Hands the keys of puts to a consumer.
   *
   * @param bytes of the segment, which is on disk, pinned
   * @param from where the first of the records begins
   */
  void forEachPut(Segment segment, SegmentBytes bytes, long from, Consumer<byte[]> consumer) {
    forEachEntry(
        segment,
        bytes,
        (low, high, offset, length, sequence, kind) -> {
          if (kind == RecordFormat.PUT && offset >= from) {
            byte[] key = key(segment, bytes, low, high, offset, length);
            if (key != null) {
              consumer.accept(key);
            } else {
              missed(segment, low, high, offset);
            }
          }
        });
  }

  /**
   * Hands keys that have no value any more to a key index.
   *
   * @param bytes of the segment, pinned
   */
  void feedGone(Segment segment, SegmentBytes bytes, KeySink sink) {
    segment.forEachRecord(
        bytes,
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.PUT && !directory.isKnown(key)) {
            sink.delete(key);
          }
        });
  }

  /**
   * Hands the footer's entries to a consumer. Where the footer has been damaged since the store was
   * opened, they are made of the records.
   *
   * @return false if the records are damaged, too, so that some entries may be missing
   */
  private boolean forEachEntry(Segment segment, SegmentBytes bytes, Footer.EntryConsumer consumer) {
    Trailer trailer = Objects.requireNonNull(segment.trailer());
    boolean fitsBuffer = trailer.fileLength() <= Integer.MAX_VALUE;
    if (fitsBuffer && Footer.isIntact(bytes.head(), trailer)) {
      Footer.forEach(bytes.head(), trailer, consumer);
      return true;
    }
    FooterBuilder made = new FooterBuilder(directory.hasher());
    segment.forEachRecord(bytes, made);
    made.forEach(consumer);
    boolean isComplete = made.isOf(trailer);
    if (!isComplete) {
      String what = "the footer here is damaged, and so are the records, which could replace it";
      missed(
          segment,
          0,
          0,
          Location.NONE,
          new CorruptionException(segment.path(), trailer.recordsEnd(), what));
    }
    return isComplete;
  }

  /** The key of a record; null if it cannot be read. */
  private byte @Nullable [] key(
      Segment segment, SegmentBytes bytes, long low, long high, long offset, long length) {
    ByteBuffer head = bytes.head();
    int at = (int) offset;
    int most = (int) Math.min(length - RecordFormat.HEADER_LENGTH, RecordFormat.MAX_KEY_LENGTH);
    int said = RecordFormat.keyLength(head, at);
    byte[] key = said <= most ? key(head, at, said, low, high) : null;
    if (key == null && !RecordFormat.isHeader(head, at, segment.salt())) {
      int longest = Math.min(most, LONGEST_SEARCHED);
      for (int tried = 1; tried <= longest && key == null; tried++) {
        key = key(head, at, tried, low, high);
      }
    }
    return key;
  }

  private byte @Nullable [] key(ByteBuffer head, int at, int length, long low, long high) {
    byte[] key = new byte[length];
    head.get(at + RecordFormat.HEADER_LENGTH, key);
    long[] hash = new long[2];
    directory.hasher().hash(key, hash);
    return hash[0] == low && hash[1] == high ? key : null;
  }

  private void missed(Segment segment, long low, long high, long offset) {
    String what =
        "the key of a record here cannot be read: it does not have the hash in the footer";
    missed(
        segment,
        low,
        high,
        Location.pack(segment.id(), offset, false),
        new CorruptionException(segment.path(), offset, what));
  }

  /** Notes that a segment's file was cut short under the open store. */
  void cutShort(Segment segment, InternalError cause) {
    Lack.rethrow(cause);
    String what = "the file was cut short while it was open";
    missed(
        segment,
        0,
        0,
        Location.NONE,
        new CorruptionException(segment.path(), FileHeader.LENGTH, what, cause));
  }

  private void missed(
      Segment segment, long low, long high, long location, CorruptionException damage) {
    gaps.removeIf(gap -> gap.segment == segment && gap.location == location);
    gaps.add(new Gap(segment, low, high, location, damage));
  }

  /**
   * Makes sure that listings lack nothing.
   *
   * @throws CorruptionException if they lack a key that has a value; it names file and offset
   */
  void checkComplete() {
    gaps.removeIf(gap -> !isOpen(gap));
    for (Gap gap : gaps) {
      throw new CorruptionException(
          gap.segment.path(), gap.damage.offset(), "listings lack what is here", gap.damage);
    }
  }

  /** Whether what could not be read still is something's value, or may become it. */
  private boolean isOpen(Gap gap) {
    if (segments.get(gap.segment.id()) != gap.segment) {
      return false;
    }
    if (gap.location == Location.NONE) {
      return gap.segment.liveBytes() > 0 || !gap.segment.isSettled();
    }
    return !gap.segment.isSettled() || directory.index().get(gap.low, gap.high) == gap.location;
  }
}
