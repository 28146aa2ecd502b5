package dev.quarry;

import dev.quarry.index.keys.KeyIndexDamagedException;
import dev.quarry.index.keys.KeyIndexUnavailableException;
import java.util.Arrays;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a range that have a value, in the order of their unsigned bytes, each once.
 *
 * <p>A key that has a value from before the cursor was made until after it passed is seen; one that
 * gets or loses its value meanwhile may or may not be. A key whose value is damaged is seen, too.
 * Where a key itself is damaged so that it cannot be read, {@link #next} throws a {@link
 * CorruptionException} instead of returning false at the end of the range, whatever the range, and
 * at each further call: all keys that can be read have been handed out then.
 *
 * <p>For use by one thread at a time; close it, as it keeps files of the key index.
 */
public final class KeyCursor implements AutoCloseable {

  private static final int MOST_RESTARTS = 5;

  private final KeyOrder order;
  private final KeyRange range;
  private final Predicate<byte[]> isLive;

  private KeyOrder.Candidates candidates;
  private int restarts;

  /** The next key of each source; null when it is not known, or there is none. */
  private byte @Nullable [] nextOnDisk;

  private byte @Nullable [] nextInMemory;

  /** Whether a source was moved to a key that there was no memory to read yet. */
  private boolean isOnDiskAhead;

  private boolean isInMemoryAhead;

  /** Whether the candidates are closed, and there was no making of others. */
  private boolean isStale;

  /** The candidate that is being looked at; null between two calls, unless one failed. */
  private byte @Nullable [] candidate;

  /** The last candidate, live or not; null at the start. */
  private byte @Nullable [] last;

  /** Whether the last candidate is in memory, which then is at it. */
  private boolean isLastInMemory;

  /** The key that the cursor is at; null before the first and behind the last. */
  private byte @Nullable [] key;

  private boolean closed;

  KeyCursor(KeyOrder order, KeyRange range, Predicate<byte[]> isLive) {
    this.order = order;
    this.range = range;
    this.isLive = isLive;
    this.candidates = order.candidates(range);
    boolean made = false;
    try {
      byte[] from = range.from();
      skip(from == null ? new byte[0] : from);
      made = true;
    } finally {
      if (!made) {
        candidates.close();
      }
    }
  }

  /**
   * Moves to the next key.
   *
   * @return false when there is none
   * @throws CorruptionException if all keys that can be read have been handed out, and at least one
   *     more has a value; it names file and offset
   * @throws StoreClosedException if the cursor or the store is closed
   * @throws ResourceExhaustedException if memory ran out; the cursor stays where it is, and the
   *     next call goes on
   */
  public boolean next() {
    if (closed) {
      throw new StoreClosedException("the cursor is closed");
    }
    key = null;
    try {
      key = advance();
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
    if (key == null) {
      order.checkComplete();
    }
    return key != null;
  }

  /** Goes on from the candidate that the last call left, if there was no memory for its end. */
  private byte @Nullable [] advance() {
    if (isStale) {
      renew();
      candidate = null;
    }
    if (candidate == null) {
      candidate = take();
    }
    while (candidate != null && !isLive.test(candidate)) {
      passDead(candidate);
      candidate = take();
    }
    candidates.walk().passed(candidate);
    byte[] found = candidate;
    candidate = null;
    return found;
  }

  /**
   * The key that the cursor is at, a copy.
   *
   * @throws IllegalStateException unless the last {@link #next} returned true
   */
  public byte[] key() {
    if (key == null) {
      throw new IllegalStateException("the cursor is not at a key");
    }
    return key.clone();
  }

  private void passDead(byte[] dead) {
    if (isLastInMemory && !order.isDeadForGood(candidates.inMemory(), dead)) {
      candidates.walk().passed(dead); // its put may be on its way
    } else if (!skip(dead)) {
      candidates.walk().passedDead(dead);
    }
  }

  /** Leaves out the keys from one on that are known to be dead; false if that one is not. */
  private boolean skip(byte[] from) {
    byte[] end = candidates.walk().skip(from);
    if (end == null) {
      return false;
    }
    try {
      if (candidates.onDisk() != null) {
        candidates.onDisk().seek(end);
      }
    } catch (KeyIndexDamagedException | KeyIndexUnavailableException | StoreClosedException e) {
      restart(e);
      return true;
    }
    candidates.inMemory().seek(end);
    forgetNext();
    return true;
  }

  /** The lesser of the two sources' next keys, which is then taken from both. */
  private byte @Nullable [] take() {
    fill();
    byte[] lesser = lesser(nextOnDisk, nextInMemory);
    if (lesser != null) {
      isLastInMemory = Arrays.equals(lesser, nextInMemory);
      nextOnDisk = Arrays.equals(lesser, nextOnDisk) ? null : nextOnDisk;
      nextInMemory = isLastInMemory ? null : nextInMemory;
      last = lesser;
    }
    return lesser;
  }

  private static byte @Nullable [] lesser(byte @Nullable [] left, byte @Nullable [] right) {
    if (left == null || right == null) {
      return left == null ? right : left;
    }
    return Arrays.compareUnsigned(left, right) <= 0 ? left : right;
  }

  private void fill() {
    order.checkOpen();
    while (nextOnDisk == null && candidates.onDisk() != null) {
      try {
        isOnDiskAhead = isOnDiskAhead || candidates.onDisk().next();
        nextOnDisk = isOnDiskAhead ? candidates.onDisk().key() : null;
        isOnDiskAhead = false;
        break;
      } catch (KeyIndexDamagedException | KeyIndexUnavailableException | StoreClosedException e) {
        restart(e);
      }
    }
    if (nextInMemory == null) {
      isInMemoryAhead = isInMemoryAhead || candidates.inMemory().next();
      nextInMemory = isInMemoryAhead ? candidates.inMemory().key() : null;
      isInMemoryAhead = false;
    }
  }

  /**
   * Begins anew behind the last key, when the key index has been mended; its part on disk may have
   * been closed for another cursor, which met a failure.
   */
  private void restart(RuntimeException failure) {
    order.checkOpen();
    if (restarts++ == MOST_RESTARTS) {
      throw new StoreFailedException("the key index fails again and again", failure);
    }
    isStale = true;
    candidates.close();
    order.mend(failure);
    renew();
  }

  private void renew() {
    candidates = order.candidates(last == null ? range : range.after(last));
    isStale = false;
    forgetNext();
  }

  private void forgetNext() {
    nextOnDisk = null;
    nextInMemory = null;
    isOnDiskAhead = false;
    isInMemoryAhead = false;
  }

  /** Lets go of what the cursor holds. Further calls do nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      candidates.close();
    }
  }
}
