package dev.quarry;

import dev.quarry.BlobStoreOptions.Verification;
import dev.quarry.index.Location;
import dev.quarry.segment.SegmentBytes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds records: bloom filter, index, then the slab or mapped segment, whose bytes are pinned while
 * they are looked at. Nothing of a record is believed before its header check, and no value is
 * returned before the whole key was compared.
 *
 * <p>Safe for use by any number of threads; takes no lock.
 */
final class ReadPath {

  /** The longest array that a JVM allocates. */
  private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

  private static final int PATIENCE = 100_000;

  private final KeyDirectory directory;
  private final SegmentTable segments;
  private final Verification verification;
  private final Counters counters;
  private final BooleanSupplier closed;

  ReadPath(
      KeyDirectory directory,
      SegmentTable segments,
      Verification verification,
      Counters counters,
      BooleanSupplier closed) {
    this.directory = directory;
    this.segments = segments;
    this.verification = verification;
    this.counters = counters;
    this.closed = closed;
  }

  /** A copy of a key's value; null when it has none. */
  byte @Nullable [] get(byte[] key) {
    Found found = pin(key, true);
    if (found == null) {
      return null;
    }
    try {
      verify(found, key, verification);
      if (found.valueLength() > LONGEST_ARRAY) {
        throw new ValueTooLargeException(found.valueLength(), LONGEST_ARRAY, "that an array has");
      }
      byte[] value = new byte[found.valueLength()];
      found.bytes().copyTo(value, found.valueOffset());
      return value;
    } catch (InternalError e) {
      throw found.cutShort(e);
    } finally {
      found.unpin();
    }
  }

  /** Copies a key's value to a buffer; returns its size, or -1 when the key has none. */
  int get(byte[] key, ByteBuffer destination) {
    Found found = pin(key, true);
    if (found == null) {
      return -1;
    }
    try {
      verify(found, key, verification);
      int length = found.valueLength();
      if (length > destination.remaining()) {
        throw new ValueTooLargeException(length, destination.remaining(), "left in the buffer");
      }
      found.bytes().copyTo(destination, found.valueOffset(), length);
      return length;
    } catch (InternalError e) {
      throw found.cutShort(e);
    } finally {
      found.unpin();
    }
  }

  /** A key's value where it lies; null when it has none. The pin goes over to the blob. */
  @Nullable Blob view(byte[] key) {
    Found found = pin(key, true);
    if (found == null) {
      return null;
    }
    SegmentBytes bytes = found.bytes();
    boolean handedOver = false;
    try {
      verify(found, key, verification);
      Blob blob =
          new Blob(bytes, bytes.slice(found.valueOffset(), found.valueLength()).asReadOnlyBuffer());
      handedOver = true;
      return blob;
    } catch (InternalError e) {
      throw found.cutShort(e);
    } finally {
      if (!handedOver) {
        found.unpin();
      } else {
        found.clear();
      }
    }
  }

  /** Whether a key has a value; the value's checksum is not verified. */
  boolean contains(byte[] key) {
    Found found = pin(key, true);
    if (found == null) {
      return false;
    }
    try {
      verify(found, key, Verification.NEVER);
      return true;
    } catch (InternalError e) {
      throw found.cutShort(e);
    } finally {
      found.unpin();
    }
  }

  /**
   * Whether a key should be listed: it has a value, though that, or the key in front of it, may be
   * damaged. Neither counts nor marks.
   */
  boolean isLive(byte[] key) {
    Found found = pin(key, false);
    if (found == null) {
      return false;
    }
    try {
      return !found.isOfAnother(key);
    } catch (InternalError e) {
      return true;
    } finally {
      found.unpin();
    }
  }

  /**
   * Whether a delete of a key has something to delete; a damaged record counts.
   *
   * @throws CorruptionException if the index leads to another key's record
   */
  boolean isDeletable(byte[] key) {
    Found found = pin(key, false);
    if (found == null) {
      return false;
    }
    try {
      if (found.isOfAnother(key)) {
        checkSameKey(key);
        throw found.otherKey();
      }
      return true;
    } catch (InternalError e) {
      return true;
    } finally {
      found.unpin();
    }
  }

  private void verify(Found found, byte[] key, Verification how) {
    try {
      found.verify(key, how);
    } catch (CorruptionException e) {
      checkSameKey(key);
      throw e;
    }
  }

  /** Nothing is damaged when the caller changed the key between its hashing and its comparison. */
  private void checkSameKey(byte[] key) {
    long[] now = new long[2];
    directory.hasher().hash(key, now);
    Arguments.require(
        Arrays.equals(now, Scratch.get().hash), "the key was changed while it was looked up");
  }

  private @Nullable Found pin(byte[] key, boolean asRead) {
    Scratch scratch = Scratch.get();
    directory.hash(key, scratch);
    for (int tries = 0; ; tries++) {
      long location = asRead ? directory.findAndMark(scratch) : directory.find(scratch);
      if (location == Location.NONE || Location.isTombstone(location)) {
        count(asRead, false);
        return null;
      }
      Segment segment = segments.get(Location.segment(location));
      SegmentBytes bytes = segment == null ? null : segment.pin();
      if (bytes != null) {
        count(asRead, true);
        return scratch.found.at(segment, bytes, (int) Location.offset(location));
      }
      awaitMove(location, tries);
    }
  }

  /** The record is about to be found elsewhere, or the store is closed. */
  private void awaitMove(long location, int tries) {
    if (closed.getAsBoolean()) {
      throw new StoreClosedException("the store is closed");
    }
    if (tries > PATIENCE) {
      throw new StoreFailedException(
          "the index leads to segment " + Location.segment(location) + ", which is gone");
    }
    Thread.onSpinWait();
  }

  private void count(boolean asRead, boolean hit) {
    if (asRead) {
      (hit ? counters.hits : counters.misses).increment();
    }
  }
}
