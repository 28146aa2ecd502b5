package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Walks the records of a segment or log without trusting any of them, and reports what it finds
 * instead of throwing at the first oddity.
 *
 * <p>Where a record should begin and does not, it looks for the next place at which one does, so
 * that damage costs what it hit and no more.
 */
public final class SegmentScanner {

  private static final int MOST_FINDINGS = 1_000;

  private final SegmentBytes bytes;
  private final ByteBuffer head;
  private final long salt;
  private final List<Finding> findings = new ArrayList<>();
  private long puts;
  private long tombstones;
  private long others;

  /**
   * @param bytes pinned by the caller
   * @param salt of the segment, {@link RecordFormat#salt}
   */
  public SegmentScanner(SegmentBytes bytes, long salt) {
    this.bytes = bytes;
    this.head = bytes.head();
    this.salt = salt;
  }

  /**
   * Where the first record that is not whole begins: bad header, cut short, or bad payload.
   *
   * @param from where a record begins
   * @param limit where the records end at the latest; what lies beyond is not looked at
   * @return {@code limit}, or the end of the unbroken chain of records before it
   */
  public long endOfChain(long from, long limit) {
    long at = from;
    while (at < limit && isWhole(at, limit)) {
      at += RecordFormat.align(RecordFormat.length(head, (int) at));
    }
    return at;
  }

  /** The same, judging by the headers alone. */
  long endOfHeaders(long from, long limit) {
    long at = from;
    while (at < limit && isFramed(at, limit)) {
      at += RecordFormat.align(RecordFormat.length(head, (int) at));
    }
    return at;
  }

  /**
   * The furthest that a commit mark, anywhere from an offset on, says the log was durable.
   *
   * @return an offset in the log; 0 when there is no mark
   */
  public long furthestMark(long from, long limit) {
    long furthest = 0;
    long last = Math.min(limit, head.limit()) - RecordFormat.COMMIT_MARK_LENGTH;
    for (long at = RecordFormat.align(from); at <= last; at += RecordFormat.ALIGNMENT) {
      int offset = (int) at;
      if (RecordFormat.length(head, offset) == RecordFormat.COMMIT_MARK_LENGTH
          && RecordFormat.kind(head, offset) == RecordFormat.COMMIT_MARK
          && isWhole(at, limit)) {
        furthest = Math.max(furthest, head.getLong(offset + RecordFormat.HEADER_LENGTH));
      }
    }
    return furthest;
  }

  /**
   * Hands the puts and tombstones between two offsets to a visitor, stepping over what is damaged.
   * Payloads are not verified, so a key may be damaged too.
   */
  public void forEachRecord(long from, long limit, RecordVisitor visitor) {
    for (long at = nextHeader(from, limit); at < limit; at = nextHeader(at, limit)) {
      long end = at + RecordFormat.align(RecordFormat.length(head, (int) at));
      RecordVisitor.walk(bytes, (int) at, end, visitor);
      at = end;
    }
  }

  /** Looks at everything between two offsets; {@link #findings} and the counts then tell. */
  public void scan(long from, long limit) {
    long at = from;
    while (at < limit) {
      if (isFramed(at, limit)) {
        at = count((int) at);
      } else {
        long next = nextHeader(at + RecordFormat.ALIGNMENT, limit);
        report(at, next - at, "a record was expected here, its header check fails");
        at = next;
      }
    }
  }

  private long count(int offset) {
    byte kind = RecordFormat.kind(head, offset);
    long length = RecordFormat.length(head, offset);
    switch (kind) {
      case RecordFormat.PUT -> puts++;
      case RecordFormat.TOMBSTONE -> tombstones++;
      default -> others++;
    }
    if (kind != RecordFormat.VOID && !bytes.isPayloadIntact(offset)) {
      report(
          offset,
          length,
          "the checksum of key and value does not match, sequence "
              + RecordFormat.sequence(head, offset));
    }
    return offset + RecordFormat.align(length);
  }

  private void report(long offset, long length, String what) {
    if (findings.size() < MOST_FINDINGS) {
      findings.add(new Finding(offset, length, what));
    }
  }

  private long nextHeader(long from, long limit) {
    for (long at = from; at < limit; at += RecordFormat.ALIGNMENT) {
      if (isFramed(at, limit)) {
        return at;
      }
    }
    return limit;
  }

  private boolean isFramed(long at, long limit) {
    return at + RecordFormat.HEADER_LENGTH <= Math.min(limit, head.limit())
        && RecordFormat.isHeader(head, (int) at, salt)
        && at + RecordFormat.align(RecordFormat.length(head, (int) at)) <= limit
        && bytes.holdsRecord((int) at);
  }

  private boolean isWhole(long at, long limit) {
    return isFramed(at, limit)
        && (RecordFormat.kind(head, (int) at) == RecordFormat.VOID
            || bytes.isPayloadIntact((int) at));
  }

  /** What was out of order, by offset; the first thousand. */
  public List<Finding> findings() {
    return Collections.unmodifiableList(findings);
  }

  /** Records with a value that {@link #scan} met. */
  public long puts() {
    return puts;
  }

  /** Tombstones that {@link #scan} met. */
  public long tombstones() {
    return tombstones;
  }

  /** Commit marks and void records that {@link #scan} met. */
  public long others() {
    return others;
  }

  /**
   * One oddity.
   *
   * @param offset where, in bytes
   * @param length how many bytes it concerns
   * @param what in words
   */
  public record Finding(long offset, long length, String what) {}
}
