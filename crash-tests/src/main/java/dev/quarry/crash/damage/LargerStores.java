package dev.quarry.crash.damage;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.ManualExecutor;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.TestStores;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Stores of several segments, with tombstones, large values and segments that compaction wrote: a
 * durable one that was closed, a durable one that lost power with several logs, and a cache that
 * evicted.
 */
final class LargerStores {

  private static final int KEYS = 60;
  private static final int LONGEST = 6_000;

  private final SplittableRandom random;
  private final List<StoreImage> earlier = new ArrayList<>();
  private final History history = new History();

  private LargerStores(SplittableRandom random) {
    this.random = random;
  }

  /**
   * A store, and where stale and foreign blocks come from.
   *
   * @param earlier the same store at moments before
   * @param other another one
   */
  record Scene(Sample sample, List<StoreImage> earlier, StoreImage other) {}

  /** A store of one of the three kinds. */
  static Scene any(SplittableRandom random) throws IOException {
    StoreImage other = new LargerStores(random.split()).closed(StoreMode.DURABLE).image();
    LargerStores stores = new LargerStores(random);
    Sample sample =
        switch (random.nextInt(3)) {
          case 0 -> stores.closed(StoreMode.DURABLE);
          case 1 -> stores.closed(StoreMode.CACHE);
          default -> stores.crashed();
        };
    return new Scene(sample, stores.earlier, other);
  }

  private Sample closed(StoreMode mode) throws IOException {
    BlobStoreOptions options = options(mode);
    ImageDisk disk = newDisk(mode);
    for (int session = 0; session < 3; session++) {
      try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, options)) {
        write(store, disk, 60 + random.nextInt(60), true);
      }
      earlier.add(StoreImage.of(disk));
    }
    StoreImage image = StoreImage.of(disk);
    if (random.nextInt(3) == 0) {
      image = image.without(StoreImage.LAYOUT.checkpoint());
    }
    return new Sample(mode == StoreMode.CACHE ? "cache" : "closed", image, history, options);
  }

  private Sample crashed() throws IOException {
    BlobStoreOptions options = SmallStores.lax(StoreMode.DURABLE).toBuilder().slabs(4).build();
    ImageDisk disk = newDisk(StoreMode.DURABLE);
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, options)) {
      write(store, disk, 60, true);
    }
    ManualExecutor background = new ManualExecutor(); // so that logs stay logs
    try (BlobStore store =
        TestBed.inline(disk).running(() -> background).open(StoreImage.ROOT, options)) {
      write(store, disk, 10 + random.nextInt(50), false); // no more than fits the slabs
      StoreImage image = StoreImage.of(disk);
      background.runFromNowOn();
      return new Sample("crashed", image, history, options);
    }
  }

  private ImageDisk newDisk(StoreMode mode) throws IOException {
    return SmallStores.newDisk(mode, new UUID(random.nextLong(), random.nextLong()));
  }

  private BlobStoreOptions options(StoreMode mode) {
    BlobStoreOptions.Builder builder =
        SmallStores.lax(mode).toBuilder().maxGarbageShare(0.05 + random.nextDouble() / 4);
    if (mode == StoreMode.CACHE) {
      builder.maxBytes((6L + random.nextInt(3)) * TestStores.SEGMENT_BYTES);
    }
    return builder.build();
  }

  private void write(BlobStore store, ImageDisk disk, int operations, boolean withLarge)
      throws IOException {
    for (int i = 0; i < operations; i++) {
      String key = "key" + random.nextInt(KEYS);
      if (random.nextInt(4) == 0 && store.contains(key.getBytes(UTF_8))) {
        history.delete(store, key);
      } else {
        history.put(store, key, value(withLarge));
      }
      if (random.nextInt(20) == 0) {
        earlier.add(StoreImage.of(disk));
      }
    }
  }

  private byte[] value(boolean withLarge) {
    boolean large = withLarge && random.nextInt(40) == 0;
    byte[] value =
        new byte
            [large ? TestStores.SEGMENT_BYTES + random.nextInt(9_000) : random.nextInt(LONGEST)];
    random.nextBytes(value);
    return value;
  }
}
