package dev.quarry.benchmarks.replay;

import dev.quarry.BlobStore;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * A store as a cache of objects, by its public methods alone. The key of an object is the 128-bit
 * hash of its name, as all keys are to be of one length.
 *
 * <p>A store evicts in the background. So that it never holds much more than the policy alone
 * would, the number of objects is looked at after every 256th part of the capacity is put, and what
 * exceeds the capacity is waited for.
 */
final class StoreCache implements Cache, AutoCloseable {

  private static final int SAMPLES = 256;
  private static final long PARK_NANOS = 20_000;
  private static final long PATIENCE_NANOS = 1_000_000_000;

  private final BlobStore store;
  private final int objects;
  private final int interval;
  private final ByteBuffer value;
  private final ByteBuffer found;
  private final KeyHash keyHash = new Xxh3KeyHash(0);
  private final long[] hash = new long[2];
  private final byte[] key = new byte[StoreShape.KEY_BYTES];
  private final ByteBuffer keyHalves = ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN);

  private long puts;
  private long samples;
  private long sum;
  private long most;
  private long overdue;

  /** Opens the store in a directory. */
  StoreCache(Path directory, StoreShape shape, Policy policy) {
    objects = shape.objects();
    interval = Math.max(1, objects / SAMPLES);
    byte[] bytes = new byte[shape.valueBytes()];
    new SplittableRandom(1).nextBytes(bytes);
    value = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    found = ByteBuffer.allocateDirect(bytes.length);
    store = BlobStore.open(directory, shape.options(policy));
  }

  @Override
  public boolean request(byte[] name, long size) {
    keyHash.hash(name, hash);
    keyHalves.putLong(0, hash[0]).putLong(Long.BYTES, hash[1]);
    if (store.get(key, found.clear()) >= 0) {
      return true;
    }
    boolean sampled = ++puts % interval == 0;
    if (sampled) {
      sample();
    }
    store.put(key, value);
    if (sampled) {
      awaitEvictions();
    }
    return false;
  }

  private void sample() {
    long live = store.stats().keys();
    samples++;
    sum += live;
    most = Math.max(most, live);
  }

  private void awaitEvictions() {
    long live = store.stats().keys();
    final long start = System.nanoTime();
    while (live > objects) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        overdue++;
        return;
      }
      LockSupport.parkNanos(PARK_NANOS);
      live = store.stats().keys();
    }
  }

  /** What was seen so far. */
  Occupancy occupancy() {
    return new Occupancy(samples, sum, most, overdue);
  }

  @Override
  public void close() {
    store.close();
  }
}
