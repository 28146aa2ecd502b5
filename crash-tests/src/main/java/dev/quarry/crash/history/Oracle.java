package dev.quarry.crash.history;

import dev.quarry.BlobStore;
import dev.quarry.CorruptionException;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreFullException;
import dev.quarry.TestBed;
import dev.quarry.segment.Disk;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Knows what a store was given, by key, and judges what is found in it: throws {@link
 * AssertionError} when a promise is broken. One thread at a time writes a key; any may read.
 */
final class Oracle {

  private static final int ATTEMPTS = 2_000;
  private static final long PAUSE_NANOS = 5_000_000;

  private final Shape shape;
  private final List<KeyPast> keys = new ArrayList<>();
  private final AtomicInteger puts = new AtomicInteger();

  Oracle(Shape shape) {
    this.shape = shape;
    for (int key = 0; key < shape.keys(); key++) {
      keys.add(new KeyPast(key, shape.isCache()));
    }
  }

  /** Some are long. */
  static byte[] keyBytes(int number) {
    int length = number % 5 == 4 ? 100 + number % 50 : 3 + number % 3;
    return ByteBuffer.allocate(length).putShort((short) (number / 3)).put((byte) number).array();
  }

  // ---- what a store stands on ----

  /** What a store stands on when this is to be told of its evictions. */
  TestBed bed(Disk disk) {
    return bed(disk, key -> keys.get(key).evicted());
  }

  private TestBed bed(Disk disk, IntConsumer evicted) {
    Map<Long, Integer> byHash = new ConcurrentHashMap<>();
    TestBed bed = shape.threaded() ? TestBed.threaded(disk) : TestBed.inline(disk);
    return bed.hashing(seed -> hasher(seed, byHash))
        .observing((low, high) -> evicted.accept(Objects.requireNonNull(byHash.get(low))));
  }

  private KeyHash hasher(long seed, Map<Long, Integer> byHash) {
    KeyHash whole = new Xxh3KeyHash(seed);
    KeyHash hash = shape.colliding() ? fourBits(whole) : whole;
    long[] halves = new long[2];
    for (int key = 0; key < shape.keys(); key++) {
      hash.hash(keyBytes(key), halves);
      byHash.put(halves[0], key);
    }
    return hash;
  }

  /** Sixteen hashes, spread over all the bits that index and filter choose by. */
  private static KeyHash fourBits(KeyHash whole) {
    return (key, hash) -> {
      whole.hash(key, hash);
      long few = hash[0] & 15;
      hash[0] = (few + 1) * 0x9E3779B97F4A7C15L;
      hash[1] = (few + 1) * 0xC2B2AE3D27D4EB4FL;
    };
  }

  // ---- while the store runs ----

  /**
   * Gives a key a value that no key had before.
   *
   * @throws StoreFullException if it was refused, which was found to have left no trace
   * @throws ResourceExhaustedException likewise
   */
  void put(int number, int size, Step.Kind kind, BlobStore store) {
    KeyPast key = keys.get(number);
    byte[] value = new byte[size];
    new SplittableRandom(puts.incrementAndGet()).nextBytes(value);
    long evictions = key.evictions();
    key.attempt(value);
    try {
      switch (kind) {
        case PUT -> store.put(keyBytes(number), value);
        case PUT_BUFFER -> store.put(keyBytes(number), buffer(value));
        case PUT_STREAM -> store.put(keyBytes(number), new ByteArrayInputStream(value));
        default -> throw new IllegalArgumentException(kind + " is no put");
      }
    } catch (IOException e) {
      throw new AssertionError("the stream does not fail", e);
    } catch (StoreFullException | ResourceExhaustedException e) {
      key.withdraw(false);
      read(number, store);
      throw e;
    }
    key.acknowledge(evictions);
    read(number, store);
  }

  private static ByteBuffer buffer(byte[] value) {
    int capacity = value.length + 20;
    ByteBuffer buffer =
        value.length % 2 == 0 ? ByteBuffer.allocate(capacity) : ByteBuffer.allocateDirect(capacity);
    return buffer.put(7, value).position(7).limit(7 + value.length);
  }

  /**
   * Deletes a key.
   *
   * @throws StoreFullException if it was refused, which was found to have left no trace
   * @throws ResourceExhaustedException likewise
   */
  void delete(int number, BlobStore store) {
    KeyPast key = keys.get(number);
    read(number, store);
    boolean expected = key.maybePresent();
    long evictions = key.evictions();
    key.attempt(null);
    boolean deleted;
    try {
      deleted = store.delete(keyBytes(number));
    } catch (StoreFullException | ResourceExhaustedException e) {
      key.withdraw(mayLose(store));
      read(number, store);
      throw e;
    } catch (CorruptionException e) {
      key.withdraw(mayLose(store));
      requireCollision(number, e);
      return;
    }
    check(expected || !deleted, key, "was deleted, but had no value");
    check(deleted || !expected || mayLose(store), key, "had a value that was not deleted");
    if (deleted) {
      key.acknowledge(evictions);
    } else {
      key.withdraw(mayLose(store));
    }
    read(number, store);
  }

  /** Whether a key may go without a trace while the store runs. */
  private boolean mayLose(BlobStore store) {
    return shape.isCache() || shape.colliding() || store.stats().failure() != null;
  }

  /** Reads a key and compares. */
  byte @Nullable [] read(int number, BlobStore store) {
    KeyPast key = keys.get(number);
    synchronized (key.readers) {
      KeyPast.Look before = key.look();
      byte[] found = get(number, store);
      boolean mayBeGone = shape.colliding() || (shape.isCache() && store.stats().failure() != null);
      String fault = key.read(found, before, mayBeGone);
      for (int i = 0; fault != null && found == null && shape.threaded() && i < ATTEMPTS; i++) {
        LockSupport.parkNanos(PAUSE_NANOS); // evictions are told of just after they took place
        fault = key.read(null, before, mayBeGone);
      }
      check(fault == null, key, fault);
      return found;
    }
  }

  private byte @Nullable [] get(int number, BlobStore store) {
    try {
      return store.get(keyBytes(number));
    } catch (CorruptionException e) {
      requireCollision(number, e);
      return null;
    }
  }

  /** The one damage there may be is that another key with the same hash is in this one's place. */
  void requireCollision(int number, CorruptionException e) {
    boolean collision = shape.colliding() && String.valueOf(e.getMessage()).contains("another key");
    if (!collision) {
      throw new AssertionError(keys.get(number) + " is said to be damaged", e);
    }
  }

  void readAll(BlobStore store) {
    for (int key = 0; key < keys.size(); key++) {
      read(key, store);
    }
  }

  /** Everything acknowledged is on stable storage. */
  void synced() {
    keys.forEach(KeyPast::synced);
  }

  // ---- after a crash ----

  /** What a crash now may leave, of each key. */
  List<KeyPast.Bounds> bounds() {
    return keys.stream().map(KeyPast::bounds).toList();
  }

  /** The store goes on with what a crash left. */
  void restart(BlobStore store) {
    for (int number = 0; number < keys.size(); number++) {
      KeyPast key = keys.get(number);
      long evictions = key.evictions();
      byte[] found = get(number, store);
      String fault = key.afterCrash(found, key.bounds(), shape.colliding());
      for (int i = 0; fault != null && found == null && shape.threaded() && i < ATTEMPTS; i++) {
        LockSupport.parkNanos(PAUSE_NANOS);
        fault = key.afterCrash(null, key.bounds(), shape.colliding());
      }
      check(fault == null, key, fault);
      key.restart(found, evictions);
    }
  }

  /** The keys evicted by a store that was opened to look at what a crash left. */
  static final class Evicted {

    private final Map<Integer, Boolean> keys = new ConcurrentHashMap<>();

    private boolean contains(int key) {
      return keys.containsKey(key);
    }
  }

  /** What a store stands on that is opened to look at what a crash left. */
  TestBed bed(Disk disk, Evicted evicted) {
    return bed(disk, key -> evicted.keys.put(key, true));
  }

  /**
   * Compares what a crash left with what it may have left; the history itself may go on.
   *
   * @param before the bounds at some moment before the crash
   */
  void checkImage(BlobStore store, List<KeyPast.Bounds> before, Evicted evicted) {
    for (int number = 0; number < keys.size(); number++) {
      KeyPast key = keys.get(number);
      byte[] found = get(number, store);
      String fault = fault(number, found, before, evicted);
      for (int i = 0; fault != null && found == null && shape.threaded() && i < ATTEMPTS; i++) {
        LockSupport.parkNanos(PAUSE_NANOS);
        fault = fault(number, null, before, evicted);
      }
      check(fault == null, key, fault);
    }
  }

  private @Nullable String fault(
      int number, byte @Nullable [] found, List<KeyPast.Bounds> before, Evicted evicted) {
    boolean mayBeGone = shape.colliding() || evicted.contains(number);
    return keys.get(number).afterCrash(found, before.get(number), mayBeGone);
  }

  private static void check(boolean holds, KeyPast key, @Nullable String fault) {
    if (!holds) {
      throw new AssertionError(key + " " + fault);
    }
  }
}
