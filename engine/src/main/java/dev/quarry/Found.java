package dev.quarry;

import dev.quarry.BlobStoreOptions.Verification;
import dev.quarry.segment.Lack;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A record that the index led to, its segment pinned by this thread. One a thread, which is valid
 * until it is unpinned; nothing about the record is known to be true before {@link #verify}.
 */
final class Found {

  private @Nullable Segment segment;
  private @Nullable SegmentBytes bytes;
  private int offset;

  Found at(Segment in, SegmentBytes pinned, int at) {
    segment = in;
    bytes = pinned;
    offset = at;
    return this;
  }

  SegmentBytes bytes() {
    return Objects.requireNonNull(bytes);
  }

  private Segment segment() {
    return Objects.requireNonNull(segment);
  }

  /** Gives the pin back. */
  void unpin() {
    SegmentBytes pinned = bytes();
    clear();
    pinned.unpin();
  }

  /** Forgets the pin, which someone else gives back. */
  void clear() {
    segment = null;
    bytes = null;
  }

  int valueLength() {
    return (int) RecordFormat.valueLength(bytes().head(), offset);
  }

  long valueOffset() {
    int keyLength = RecordFormat.keyLength(bytes().head(), offset);
    return (long) offset + RecordFormat.HEADER_LENGTH + keyLength;
  }

  /** Whether there is the header of a put, one that was written just there. */
  boolean isIntact() {
    ByteBuffer head = bytes().head();
    return offset + RecordFormat.HEADER_LENGTH <= head.limit()
        && RecordFormat.isHeader(head, offset, segment().salt())
        && RecordFormat.kind(head, offset) == RecordFormat.PUT
        && offset + RecordFormat.length(head, offset) <= bytes().size();
  }

  /** Whether key and value of the record, whose header is intact, are what was written. */
  boolean isPayloadIntact() {
    return bytes().isPayloadIntact(offset);
  }

  /** Whether the record, whose header is intact, has this key. */
  boolean isOf(byte[] key) {
    ByteBuffer head = bytes().head();
    if (RecordFormat.keyLength(head, offset) != key.length) {
      return false;
    }
    int at = offset + RecordFormat.HEADER_LENGTH;
    for (int i = 0; i < key.length; i++) {
      if (head.get(at + i) != key[i]) {
        return false;
      }
    }
    return true;
  }

  /** Whether this is, undamaged, the record of another key. */
  boolean isOfAnother(byte[] key) {
    return isIntact() && !isOf(key) && isPayloadIntact();
  }

  /**
   * Makes sure that this is the record of a key, and that its bytes are those that were written.
   *
   * @throws CorruptionException if they are not
   */
  void verify(byte[] key, Verification verification) {
    if (!isIntact()) {
      throw corruption("a record was expected, its header check fails");
    }
    if (!isOf(key)) {
      throw otherKey();
    }
    if (verification == Verification.NEVER) {
      return;
    }
    boolean once = verification == Verification.FIRST_READ;
    if (once && segment().isVerified(offset)) {
      return;
    }
    if (!isPayloadIntact()) {
      throw corruption("the checksum of key and value does not match");
    }
    if (once) {
      segment().setVerified(offset, bytes().size());
    }
  }

  /** What to throw when the record is another key's: a 128-bit collision, or a damaged index. */
  CorruptionException otherKey() {
    return corruption("a record of the key was expected, found one of another key with its hash");
  }

  /** What to throw when the mapping has no file behind it any more. */
  CorruptionException cutShort(InternalError cause) {
    Lack.rethrow(cause);
    return new CorruptionException(
        segment().path(), offset, "the file was cut short while it was open", cause);
  }

  private CorruptionException corruption(String what) {
    return new CorruptionException(segment().path(), offset, what);
  }
}
