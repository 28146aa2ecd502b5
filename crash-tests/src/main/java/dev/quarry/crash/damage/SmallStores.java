package dev.quarry.crash.damage;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.TestStores;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;

/**
 * Stores so small that every bit of them can be flipped: each file is one block, and all structures
 * that there are in files of its kind are in it. The same bytes each time.
 */
public final class SmallStores {

  /** The id of every store here. */
  public static final UUID STORE = UUID.fromString("c0ffee00-1122-4433-8899-aabbccddeeff");

  private static final long HASH_SEED = 0x0123_4567_89ab_cdefL;

  /** Hashes the keys of every store here. */
  public static final KeyHash HASHER = new Xxh3KeyHash(HASH_SEED);

  private static final int VALUE = 41;

  /** A value that makes its segment one that is not compacted for being tiny. */
  private static final int NOT_TINY = 10_000;

  /** So many sessions in a row leave segments that are compacted together. */
  private static final int CROWD = 9;

  private SmallStores() {}

  /**
   * Garbage stays where it is, unless segments are many and tiny, and a checkpoint is written when
   * the store is closed.
   */
  public static BlobStoreOptions lax(StoreMode mode) {
    return TestStores.small(mode).toBuilder()
        .maxGarbageShare(0.95)
        .checkpointEntries(1L << 40)
        .checkpointInterval(Duration.ofDays(1))
        .build();
  }

  /** A disk with a store of which nothing but the identity is there. */
  static ImageDisk newDisk(StoreMode mode, UUID storeId) throws IOException {
    ImageDisk disk = StoreImage.empty().disk();
    disk.createDirectories(StoreImage.ROOT);
    identity(storeId, mode, HASH_SEED).write(disk, StoreImage.LAYOUT);
    return disk;
  }

  /** The identity of a store that is opened with {@link #lax} options. */
  public static StoreIdentity identity(UUID storeId, StoreMode mode, long hashSeed) {
    return mode == StoreMode.DURABLE
        ? StoreIdentity.durable(storeId, hashSeed)
        : StoreIdentity.cache(storeId, hashSeed, lax(mode).maxBytes());
  }

  static byte[] value(int seed, int length) {
    byte[] value = new byte[length];
    Arrays.fill(value, (byte) ('A' + seed % 26));
    return value;
  }

  private static void putAll(BlobStore store, History history, int from, int to) {
    for (int i = from; i < to; i++) {
      history.put(store, "key" + i, value(i, VALUE + i % 8));
    }
  }

  /** Session after session, each of which leaves a segment of its own. */
  private static void firstTwoSessions(ImageDisk disk, History history, StoreMode mode) {
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, lax(mode))) {
      putAll(store, history, 0, 14);
      history.put(store, "key1", value(20, VALUE));
      history.delete(store, "key2");
    }
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, lax(mode))) {
      putAll(store, history, 14, 28);
      for (int i = 3; i < 6; i++) {
        history.delete(store, "key" + i);
      }
      for (int i = 15; i < 27; i++) {
        history.delete(store, "key" + i);
      }
    }
  }

  /**
   * Closed: two segments, the first with a put, an overwritten one, a tombstone, marks; and a
   * checkpoint.
   */
  public static Sample closed() throws IOException {
    ImageDisk disk = newDisk(StoreMode.DURABLE, STORE);
    History history = new History();
    firstTwoSessions(disk, history, StoreMode.DURABLE);
    return new Sample("closed", StoreImage.of(disk), history, lax(StoreMode.DURABLE));
  }

  /** Closed, without a checkpoint, so that footers are read. */
  public static Sample withoutCheckpoint() throws IOException {
    Sample closed = closed();
    StoreImage image = closed.image().without(StoreImage.LAYOUT.checkpoint());
    return new Sample("without checkpoint", image, closed.history(), closed.options());
  }

  /**
   * Closed, with a segment that compaction wrote of many tiny ones: it replaces them, and lists as
   * evictions what was deleted of the segment before them.
   */
  public static Sample compacted() throws IOException {
    ImageDisk disk = newDisk(StoreMode.DURABLE, STORE);
    History history = new History();
    BlobStoreOptions options = lax(StoreMode.DURABLE);
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, options)) {
      putAll(store, history, 0, 10);
      history.put(store, "large", value(1, NOT_TINY));
    }
    for (int i = 0; i < CROWD; i++) {
      try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, options)) {
        putAll(store, history, 10 + 2 * i, 12 + 2 * i);
        if (i % 2 == 0) {
          history.delete(store, "key" + i);
          history.put(store, "key" + (i + 1), value(i, VALUE));
        }
      }
    }
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, options)) {
      for (int i = 0; i < 9; i++) {
        history.put(store, "filler", value(i, NOT_TINY)); // a full slab makes the store tidy up
      }
    }
    StoreImage image = StoreImage.of(disk).without(StoreImage.LAYOUT.checkpoint());
    return new Sample("compacted", image, history, options);
  }

  /** As a power failure leaves it: a log, whose last commit nothing speaks of. */
  public static Sample crashed() throws IOException {
    ImageDisk disk = newDisk(StoreMode.DURABLE, STORE);
    History history = new History();
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, lax(StoreMode.DURABLE))) {
      putAll(store, history, 0, 14);
      history.put(store, "key1", value(20, VALUE));
      history.delete(store, "key2");
      putAll(store, history, 30, 34);
      return new Sample("crashed", StoreImage.of(disk), history, lax(StoreMode.DURABLE));
    }
  }

  /** A closed cache, with a checkpoint that has a ghost. */
  public static Sample cache() throws IOException {
    ImageDisk disk = newDisk(StoreMode.CACHE, STORE);
    History history = new History();
    firstTwoSessions(disk, history, StoreMode.CACHE);
    return new Sample("cache", StoreImage.of(disk), history, lax(StoreMode.CACHE));
  }
}
