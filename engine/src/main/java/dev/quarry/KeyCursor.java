package dev.quarry;

import dev.quarry.index.keys.KeyIndexDamagedException;
import dev.quarry.index.keys.OrderedKeys;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a range that have a value, in the order of their unsigned bytes, each once.
 *
 * <p>A key that has a value from before the cursor was made until after it passed is seen; one that
 * gets or loses its value meanwhile may or may not be. For use by one thread at a time; close it,
 * as it keeps files of the key index.
 */
public final class KeyCursor implements AutoCloseable {

  private static final int MOST_RESTARTS = 3;

  private final KeyOrder order;
  private final KeyRange range;
  private final Predicate<byte[]> isLive;

  private OrderedKeys indexed;
  private Iterator<byte[]> others;
  private int restarts;

  /** The next key of each source; null when it is not known, or there is none. */
  private byte @Nullable [] nextIndexed;

  private byte @Nullable [] nextOther;

  /** The last candidate, live or not; null at the start. */
  private byte @Nullable [] last;

  /** The key that the cursor is at; null before the first and behind the last. */
  private byte @Nullable [] key;

  private boolean closed;

  KeyCursor(KeyOrder order, KeyRange range, Predicate<byte[]> isLive) {
    this.order = order;
    this.range = range;
    this.isLive = isLive;
    KeyOrder.Candidates candidates = order.candidates(range);
    this.indexed = candidates.indexed();
    this.others = candidates.others().iterator();
  }

  /**
   * Moves to the next key.
   *
   * @return false when there is none
   * @throws StoreClosedException if the cursor or the store is closed
   * @throws StoreFailedException if the key index fails and cannot be made anew
   */
  public boolean next() {
    if (closed) {
      throw new StoreClosedException("the cursor is closed");
    }
    do {
      last = take();
    } while (last != null && !isLive.test(last));
    key = last;
    return key != null;
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

  /** The lesser of the two sources' next keys, which is then taken from both. */
  private byte @Nullable [] take() {
    fill();
    byte[] lesser = lesser(nextIndexed, nextOther);
    if (lesser != null) {
      nextIndexed = Arrays.equals(lesser, nextIndexed) ? null : nextIndexed;
      nextOther = Arrays.equals(lesser, nextOther) ? null : nextOther;
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
    while (nextIndexed == null) {
      try {
        nextIndexed = indexed.next() ? indexed.key() : null;
        break;
      } catch (KeyIndexDamagedException e) {
        restart(e);
      }
    }
    while (nextOther == null && others.hasNext()) {
      byte[] other = others.next();
      nextOther = Arrays.equals(other, last) ? null : other;
    }
  }

  /** Begins anew behind the last key, on a key index that has been made anew. */
  private void restart(KeyIndexDamagedException damage) {
    if (restarts++ == MOST_RESTARTS) {
      throw new StoreFailedException("the key index fails again and again", damage);
    }
    indexed.close();
    KeyOrder.Candidates candidates = order.candidates(last == null ? range : range.after(last));
    indexed = candidates.indexed();
    others = candidates.others().iterator();
    nextOther = null;
  }

  /** Lets go of what the cursor holds. Further calls do nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      indexed.close();
    }
  }
}
