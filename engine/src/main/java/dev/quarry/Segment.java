package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.FooterBuilder;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.RecordVisitor;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Trailer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * One segment of an open store, from the opening of its slab on: where its bytes are, what of them
 * is live, and which sequence numbers it may hold.
 *
 * <p>Safe for use by any number of threads.
 */
final class Segment {

  /** One bit per this many bytes tells records apart: none is shorter. */
  private static final int SHORTEST_RECORD = 32;

  private final int id;
  private final long salt;
  private final long place;
  private final Path path;
  private final AtomicLong liveBytes = new AtomicLong();

  /** The slab while there is one, the mapping afterwards. */
  private volatile SegmentBytes bytes;

  /** Null until the file is on stable storage under its final name. */
  private volatile @Nullable Trailer trailer;

  /** Whether every record with a sequence number of this segment, or a lower one, is published. */
  private volatile boolean settled;

  /** Whether compaction found the segment damaged, and must leave it as it is. */
  private volatile boolean damaged;

  /** Bytes of shadows that could not be dropped when compaction last looked. */
  private volatile long keptBytes;

  /** How many files are to come or go until compaction looks at them again. For passes alone. */
  private int keptFor;

  /** Which records were verified; null until the first was. */
  private volatile @Nullable AtomicLongArray verified;

  /** A segment whose slab is being filled. */
  Segment(Slab slab, Path path) {
    this.id = (int) slab.id();
    this.salt = slab.salt();
    this.place = slab.header().firstSequence();
    this.path = path;
    this.bytes = slab;
  }

  /** A segment that is on disk. */
  Segment(Trailer trailer, UUID storeId, Path path, SegmentBytes bytes) {
    this.id = (int) trailer.segmentId();
    this.salt = RecordFormat.salt(storeId, trailer.segmentId());
    this.place = trailer.lowestSequence();
    this.path = path;
    this.bytes = bytes;
    this.trailer = trailer;
  }

  int id() {
    return id;
  }

  /** Where in the queue the segment is: no record of it has a lower sequence number. */
  long place() {
    return place;
  }

  /** What binds records to the segment. */
  long salt() {
    return salt;
  }

  /** The file, or the one that there will be. */
  Path path() {
    return path;
  }

  /** Bytes of its file, or of the slab while there is none. */
  long size() {
    return bytes.size();
  }

  /** What the segment's file ends with; null until it is on stable storage. */
  @Nullable Trailer trailer() {
    return trailer;
  }

  /** Notes that the segment is on stable storage. */
  void flushed(Trailer written) {
    trailer = written;
  }

  /** Has readers go to other bytes of the same content; the former ones are not retired here. */
  void moveTo(SegmentBytes other) {
    bytes = other;
  }

  /**
   * The segment's bytes, pinned.
   *
   * @return null if the segment is gone, or the store closed
   */
  @Nullable SegmentBytes pin() {
    for (; ; ) {
      SegmentBytes seen = bytes;
      if (seen.tryPin()) {
        return seen;
      }
      if (seen == bytes) {
        return null;
      }
    }
  }

  /**
   * Takes a pin for good or, of a segment that is retired, as long as a reader holds on to it.
   *
   * @return null if its memory is gone
   */
  @Nullable SegmentBytes pinBeside() {
    SegmentBytes pinned = pin();
    if (pinned != null) {
      return pinned;
    }
    SegmentBytes seen = bytes;
    return seen.tryPinBeside() ? seen : null;
  }

  /** Hands the complete puts and tombstones in pinned bytes of this segment to a visitor. */
  void forEachRecord(SegmentBytes pinned, RecordVisitor visitor) {
    if (pinned instanceof Slab slab) {
      slab.forEachRecord(slab.completedPrefix(FileHeader.LENGTH), visitor);
    } else {
      long end = Objects.requireNonNull(trailer).recordsEnd();
      new SegmentScanner(pinned, salt).forEachRecord(FileHeader.LENGTH, end, visitor);
    }
  }

  /**
   * Hands the footer entries in pinned bytes of this segment, which is on stable storage, to a
   * consumer, in the order of the records. Where they are damaged, they are made of the records.
   */
  void forEachEntry(SegmentBytes pinned, KeyHash hasher, Footer.EntryConsumer consumer) {
    Trailer written = Objects.requireNonNull(trailer);
    if (written.fileLength() <= Integer.MAX_VALUE && isFooterIntact(pinned)) {
      Footer.forEach(pinned.head(), written, consumer);
    } else { // or too long for one buffer, and so a single record
      FooterBuilder footer = new FooterBuilder(hasher);
      forEachRecord(pinned, footer);
      footer.forEach(consumer);
    }
  }

  /** Whether the footer in pinned bytes is the one that was written. */
  boolean isFooterIntact(SegmentBytes pinned) {
    Trailer written = Objects.requireNonNull(trailer);
    return written.fileLength() > Integer.MAX_VALUE || Footer.isIntact(pinned.head(), written);
  }

  /** Whether there is the header of a put of that length at an offset of pinned bytes. */
  boolean isIntact(SegmentBytes pinned, long offset, long length) {
    int at = (int) offset;
    return RecordFormat.isHeader(pinned.head(), at, salt)
        && RecordFormat.kind(pinned.head(), at) == RecordFormat.PUT
        && RecordFormat.length(pinned.head(), at) == length;
  }

  /** Whether readers find the segment in its file, and no longer in a slab. */
  boolean isMapped() {
    return trailer != null && !(bytes instanceof Slab);
  }

  /** Whether a reader holds a pin. */
  boolean isPinned() {
    return bytes.isPinned();
  }

  /** Notes that nothing of the segment, nor anything older, is still to be published. */
  void setSettled() {
    settled = true;
  }

  /** Whether {@link #setSettled} was called. */
  boolean isSettled() {
    return settled;
  }

  /** Notes that the segment is damaged, so that what is left of it is not to be touched. */
  void setDamaged() {
    damaged = true;
  }

  /** Whether compaction may take the segment as an input. */
  boolean isCompactable() {
    return settled && trailer != null && !damaged;
  }

  /** Whether {@link #setDamaged} was called. */
  boolean isDamaged() {
    return damaged;
  }

  /**
   * Notes how many bytes of shadows there were no dropping of.
   *
   * @param files how many are to come or go until it is worth to look again
   */
  void setKeptBytes(long bytes, int files) {
    keptFor = files;
    keptBytes = bytes;
  }

  /** Notes that files have come or gone. For passes alone. */
  void filesChanged() {
    if (keptBytes > 0 && --keptFor <= 0) {
      keptBytes = 0;
    }
  }

  /** Bytes of the file that compaction would take away, an estimate; 0 for a slab. */
  long garbageBytes() {
    Trailer written = trailer;
    if (written == null) {
      return 0;
    }
    double fill = (double) (liveBytes.get() + keptBytes) / written.recordsEnd();
    long needed = fill == 0 ? 0 : (long) (fill * written.fileLength()) + Disk.BLOCK;
    return Math.max(0, written.fileLength() - needed);
  }

  /**
   * Whether records of this segment may still be published, or are not on disk yet. Not so of a
   * slab that nothing is in: what comes is newer than all there is.
   */
  boolean isOpen() {
    return (!settled || trailer == null) && !(bytes instanceof Slab slab && slab.isIdle());
  }

  /** Refuses further pins, for good. */
  void retire() {
    bytes.retire();
  }

  /**
   * Whether every record of the segment is older than a sequence number. False when that is not
   * known without a look at the records.
   */
  boolean isOlderThan(long sequence) {
    Trailer written = trailer;
    return written != null && written.highestSequence() < sequence;
  }

  /**
   * The sequence number of a record in pinned bytes of this segment; a damaged one's is in the
   * footer.
   */
  long sequence(SegmentBytes pinned, int offset) {
    Trailer written = trailer;
    if (written == null || RecordFormat.isHeader(pinned.head(), offset, salt)) {
      return RecordFormat.sequence(pinned.head(), offset);
    }
    return Footer.sequence(pinned.head(), written, offset);
  }

  /** Counts a record in, or out if negative; returns what is live now. */
  long addLive(long length) {
    return liveBytes.addAndGet(length);
  }

  /** Bytes of records that the index points at. */
  long liveBytes() {
    return liveBytes.get();
  }

  /** Whether {@link #setVerified} was called for the record at an offset. */
  boolean isVerified(int offset) {
    AtomicLongArray bits = verified;
    int bit = offset / SHORTEST_RECORD;
    return bits != null && (bits.get(bit >>> 6) & 1L << bit) != 0;
  }

  void setVerified(int offset, long size) {
    AtomicLongArray bits = verified;
    if (bits == null) {
      bits = createBits(size);
    }
    int bit = offset / SHORTEST_RECORD;
    bits.getAndUpdate(bit >>> 6, word -> word | 1L << bit);
  }

  private synchronized AtomicLongArray createBits(long size) {
    AtomicLongArray bits = verified;
    if (bits == null) {
      long records = Math.min(size, Integer.MAX_VALUE) / SHORTEST_RECORD + 1;
      bits = new AtomicLongArray((int) (records / 64 + 1));
      verified = bits;
    }
    return bits;
  }
}
