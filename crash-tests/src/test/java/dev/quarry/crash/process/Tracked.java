package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreFullException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A random history of one thread, with what a store must hold after it: of each key the last value
 * that was acknowledged, or one of an operation that failed later in a way that leaves its outcome
 * open.
 */
final class Tracked {

  static final int KEYS = 60;
  private static final int DELETED = 0;

  private final Writes writes = new Writes(0);
  private final Random random;

  /** Of each key the versions that it may have; {@link #DELETED} is none. */
  private final TreeMap<Integer, List<Integer>> possible = new TreeMap<>();

  private int versions;

  Tracked(long seed) {
    this.random = new Random(seed);
    for (int key = 0; key < KEYS; key++) {
      possible.put(key, List.of(DELETED));
    }
  }

  /** Takes over what another process has told by {@link #toLines}. */
  static Tracked of(List<String> lines) {
    Tracked tracked = new Tracked(1);
    for (String line : lines) {
      int[] numbers = Arrays.stream(line.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
      tracked.possible.put(numbers[0], Arrays.stream(numbers).skip(1).boxed().toList());
    }
    return tracked;
  }

  List<String> toLines() {
    return possible.entrySet().stream()
        .map(each -> each.getKey() + " " + String.join(" ", strings(each.getValue())))
        .toList();
  }

  private static List<String> strings(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).toList();
  }

  /** Puts or deletes something; returns what it failed with, or null. */
  @Nullable Throwable step(BlobStore store) {
    int key = random.nextInt(KEYS);
    return random.nextInt(5) == 0 ? delete(store, key) : put(store, key);
  }

  @Nullable Throwable put(BlobStore store, int key) {
    int version = nextVersion(key);
    return run(key, version, () -> store.put(Writes.key(key), writes.value(key, version)));
  }

  @Nullable Throwable delete(BlobStore store, int key) {
    return run(key, DELETED, () -> store.delete(Writes.key(key)));
  }

  private int nextVersion(int key) {
    do {
      versions++;
    } while (writes.isDelete(key, versions));
    return versions;
  }

  private @Nullable Throwable run(int key, int version, Runnable operation) {
    try {
      operation.run();
      possible.put(key, List.of(version));
      return null;
    } catch (StoreFullException | ResourceExhaustedException e) {
      return e; // it did not take place, and never will have
    } catch (RuntimeException | Error e) {
      List<Integer> both = new ArrayList<>(possible.getOrDefault(key, List.of()));
      both.add(version);
      possible.put(key, both);
      return e;
    }
  }

  /** Checks every key. */
  void check(BlobStore store, String when) {
    check(store, false, when);
  }

  /** Checks that every key has what it must have, or nothing. */
  void checkOfLossy(BlobStore store, String when) {
    check(store, true, when);
  }

  private void check(BlobStore store, boolean lossy, String when) {
    for (int key = 0; key < KEYS; key++) {
      int found = find(store, key);
      boolean right = possible.getOrDefault(key, List.of()).contains(found);
      int number = key;
      assertTrue(
          right || (lossy && found == DELETED),
          () -> when + ": key " + number + " has " + found + " of " + possible.get(number));
    }
  }

  /** Checks that every key has a value that it was once given, or nothing. */
  void checkOnceTrue(BlobStore store, String when) {
    for (int key = 0; key < KEYS; key++) {
      assertTrue(find(store, key) <= versions, when);
    }
  }

  /** What a store that was just opened has is what it will have. */
  void settle(BlobStore store) {
    possible.replaceAll((key, versions) -> List.of(find(store, key)));
  }

  private int find(BlobStore store, int key) {
    byte[] value = store.get(Writes.key(key));
    return value == null ? DELETED : (int) writes.versionOf(key, value);
  }
}
