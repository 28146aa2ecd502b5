package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A short history that rotates, flushes, promotes, deletes, and writes large values, together with
 * what a store must hold after each operation of it that was acknowledged.
 */
final class FaultHistory {

  private static final int KEYS = 8;

  /** A value's length of this means that the key is deleted. */
  private static final int DELETE = -1;

  /** A key and the length of the value it gets, large enough to fill a slab with three or four. */
  private static final int[][] OPERATIONS = {
    {0, 20_000}, {1, 20_000}, {0, DELETE}, {2, 20_000}, {3, 150_000}, {1, 30_000}, {2, DELETE},
    {4, 100}, {0, 90_000}, {5, 60_000}, {3, DELETE}, {6, 40_000}, {6, 50_000}, {5, 0}
  };

  static final int LENGTH = OPERATIONS.length;

  private final Map<Integer, byte[]> model = new HashMap<>();

  /** Every value that was put, acknowledged or not, by key. */
  private final List<List<byte[]>> everPut = new ArrayList<>();

  FaultHistory() {
    for (int i = 0; i < KEYS; i++) {
      everPut.add(new ArrayList<>());
    }
  }

  /** Does an operation; the model follows if it returns. */
  void run(BlobStore store, int operation) {
    int number = OPERATIONS[operation][0];
    byte[] after = after(operation);
    if (after == null) {
      assertEquals(model.containsKey(number), store.delete(key(number)));
      model.remove(number);
    } else {
      everPut.get(number).add(after);
      store.put(key(number), after);
      model.put(number, after);
    }
    assertArrayEquals(after, store.get(key(number)), () -> "after operation " + operation);
  }

  private static byte @Nullable [] after(int operation) {
    int length = OPERATIONS[operation][1];
    return length == DELETE ? null : value(operation, length);
  }

  /**
   * What a store must hold when an operation failed that may have taken place: what it does hold of
   * the operation's key, if that is the value before it or after it.
   */
  FaultHistory with(BlobStore store, int failedOperation) {
    FaultHistory other = new FaultHistory();
    other.model.putAll(model);
    byte[] after = after(failedOperation);
    int number = OPERATIONS[failedOperation][0];
    if (Arrays.equals(store.get(key(number)), after)) {
      other.model.remove(number);
      if (after != null) {
        other.model.put(number, after);
      }
    }
    return other;
  }

  /** Checks every key. */
  void check(BlobStore store, String when) {
    for (int i = 0; i < KEYS; i++) {
      int number = i;
      assertArrayEquals(model.get(i), store.get(key(i)), () -> "key " + number + " " + when);
    }
    assertEquals(model.size(), store.stats().keys(), () -> "keys " + when);
  }

  /** From now on, what a cache has evicted counts as deleted: it must not come back. */
  void forgetEvicted(BlobStore store) {
    model.keySet().removeIf(number -> store.get(key(number)) == null);
  }

  /** Checks of every key that it has its newest value, or none; so it is with a failed cache. */
  void checkNewestOrNone(BlobStore store, String when) {
    for (int i = 0; i < KEYS; i++) {
      byte[] found = store.get(key(i));
      int number = i;
      assertTrue(
          found == null || Arrays.equals(model.get(i), found), () -> "key " + number + " " + when);
    }
  }

  /** Checks of every key that it has a value it was once given, or none; so it is with a cache. */
  void checkOnceTrue(BlobStore store, String when) {
    for (int i = 0; i < KEYS; i++) {
      byte[] found = store.get(key(i));
      int number = i;
      assertTrue(
          found == null || everPut.get(i).stream().anyMatch(value -> Arrays.equals(value, found)),
          () -> "key " + number + " " + when);
    }
  }

  static List<Integer> operations() {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < LENGTH; i++) {
      all.add(i);
    }
    return all;
  }
}
