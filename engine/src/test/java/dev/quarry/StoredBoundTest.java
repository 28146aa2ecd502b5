package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.identity;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bound of a cache belongs to the cache: it is given once, kept, and changed on purpose. */
class StoredBoundTest {

  private static final int SEGMENT = TestStores.SEGMENT_BYTES;
  private static final long BOUND = 8L * SEGMENT;
  private static final StoreLayout LAYOUT = new StoreLayout(ROOT);

  private SimulatedDisk disk = new SimulatedDisk(3);

  private BlobStore open(BlobStoreOptions options) {
    return StoreFixture.open(disk, options);
  }

  private long segmentBytes() throws IOException {
    long sum = 0;
    for (String name : disk.list(LAYOUT.segments())) {
      sum += disk.size(LAYOUT.segments().resolve(name));
    }
    return sum;
  }

  @Test
  void aCacheOpenedWithoutABoundKeepsTheOneItHas() throws IOException {
    open(BlobStoreOptions.cache(BOUND)).close();
    for (int opening = 0; opening < 3; opening++) {
      try (BlobStore store = open(BlobStoreOptions.cache())) {
        assertEquals(BOUND, store.stats().maxBytes());
        for (int i = 0; i < 300; i++) {
          store.put(key(300 * opening + i), value(i, 5_000));
          assertTrue(segmentBytes() <= BOUND, "bytes on disk");
        }
        assertTrue(store.stats().evictions() > 0);
      }
    }
    assertEquals(BOUND, identity(disk, ROOT).maxBytes());
  }

  @Test
  void segmentsFollowFromTheBoundAsWhenItWasGiven() throws IOException {
    long bound = 256L << 20;
    open(BlobStoreOptions.cache(bound)).close();
    try (BlobStore store = open(BlobStoreOptions.cache())) {
      assertEquals(BlobStoreOptions.cache(bound).segmentBytes(), store.stats().slabBytes());
    }
  }

  @Test
  void whereThereIsNoStoreABoundIsAskedForAndNothingIsCreated() throws IOException {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> open(BlobStoreOptions.cache()));
    assertTrue(e.getMessage().contains("BlobStoreOptions.cache(maxBytes)"), e::getMessage);
    assertTrue(e.getMessage().contains(ROOT.toString()), e::getMessage);
    assertFalse(disk.exists(ROOT));
  }

  @Test
  void aStoreThatWasNeverFinishedIsNoneEither() throws IOException {
    disk.createDirectories(LAYOUT.segments());
    disk.createDirectories(LAYOUT.logs());
    assertThrows(IllegalArgumentException.class, () -> open(BlobStoreOptions.cache()));
    open(BlobStoreOptions.cache(BOUND)).close();
  }

  @Test
  void aMissingStoreFileIsDamageStill() throws IOException {
    try (BlobStore store = open(BlobStoreOptions.cache(BOUND))) {
      putAll(store, 0, 1, 10);
    }
    disk.delete(LAYOUT.store());
    assertThrows(CorruptionException.class, () -> open(BlobStoreOptions.cache()));
  }

  @Test
  void aDurableStoreIsNoCache() {
    open(StoreFixture.DURABLE).close();
    assertThrows(IllegalArgumentException.class, () -> open(BlobStoreOptions.cache()));
    assertThrows(IllegalArgumentException.class, () -> open(BlobStoreOptions.cache(BOUND)));
    try (BlobStore store = open(StoreFixture.DURABLE)) {
      assertEquals(Long.MAX_VALUE, store.stats().maxBytes());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {4L * SEGMENT, 9L * SEGMENT, 1L << 40, Long.MAX_VALUE})
  void anotherBoundBecomesTheBound(long other) {
    open(BlobStoreOptions.cache(BOUND)).close();
    try (BlobStore store = open(BlobStoreOptions.cache(other))) {
      assertEquals(other, store.stats().maxBytes());
      disk = disk.afterCrash(Survival.NONE, 1); // it is durable by now
    }
    try (BlobStore store = open(BlobStoreOptions.cache())) {
      assertEquals(other, store.stats().maxBytes());
      assertFalse(store.stats().idleReason().contains("-"), store.stats().idleReason());
    }
  }

  @Test
  void aSmallerBoundEvictsDownToIt() throws IOException {
    try (BlobStore store = open(BlobStoreOptions.cache(40L * SEGMENT))) {
      putAll(store, 0, 400, 5_000);
    }
    assertTrue(segmentBytes() > 2 * BOUND);
    try (BlobStore store = open(BlobStoreOptions.cache(BOUND))) {
      assertTrue(segmentBytes() <= BOUND, () -> store.stats().idleReason());
      assertTrue(store.stats().evictions() > 0);
      putAll(store, 1_000, 1_010, 100);
      assertAll(store, 1_000, 1_010, 100);
      StoreInvariants.check(store, disk, ROOT);
    }
  }

  /** Segments that were written with a greater bound are longer than those of a smaller one. */
  @Test
  void aBoundOfFourOfTheLeastSegmentsIsReachedFromLongerOnes() throws IOException {
    BlobStoreOptions large =
        BlobStoreOptions.cache(64L << 20).toBuilder().segmentBytes(1 << 20).build();
    try (BlobStore store = open(large)) {
      putAll(store, 0, 600, 10_000);
    }
    long least = StoreIdentity.LEAST_MAX_BYTES;
    try (BlobStore store = open(BlobStoreOptions.cache(least))) {
      putAll(store, 1_000, 1_200, 1_000);
      assertTrue(segmentBytes() <= least, () -> store.stats().idleReason());
      assertArrayEquals(value(1_199, 1_000), store.get(key(1_199)));
    }
  }

  @Test
  void aBoundTooSmallForTheSegmentsIsRefusedBeforeAnythingChanges() throws IOException {
    open(BlobStoreOptions.cache(BOUND)).close();
    BlobStoreOptions segments = BlobStoreOptions.cache().toBuilder().segmentBytes(1 << 20).build();
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> open(segments));
    assertTrue(e.getMessage().contains(ROOT.toString()), e::getMessage);
    assertTrue(e.getMessage().contains("four segments of 1048576"), e::getMessage);
    assertThrows(
        IllegalArgumentException.class, () -> segments.toBuilder().maxBytes(BOUND).build());
    assertEquals(BOUND, identity(disk, ROOT).maxBytes());
    assertEquals(List.of(), disk.openHandles());
    open(BlobStoreOptions.cache()).close();
  }

  @Test
  void aBoundOutOfRangeInTheFileIsDamage() throws IOException {
    UUID id = new UUID(1, 2);
    disk.createDirectories(ROOT);
    StoreIdentity.cache(id, 3, 1_000).write(disk, LAYOUT);
    CorruptionException e =
        assertThrows(CorruptionException.class, () -> open(BlobStoreOptions.cache()));
    assertEquals(LAYOUT.store(), e.file());
  }

  /** Whoever cannot read the store has not changed it. */
  @Test
  void anOpeningThatFindsDamageLeavesTheBoundAsItIs() throws IOException {
    try (BlobStore store = open(BlobStoreOptions.cache(BOUND))) {
      putAll(store, 0, 100, 5_000);
    }
    disk.create(LAYOUT.segment(0)).close(); // there is no such id
    assertThrows(CorruptionException.class, () -> open(BlobStoreOptions.cache(2 * BOUND)));
    assertEquals(BOUND, identity(disk, ROOT).maxBytes());
  }

  @Test
  void aFullDiskKeepsTheOldBound() throws IOException {
    open(BlobStoreOptions.cache(BOUND)).close();
    disk.capacity(disk.usedSpace());
    assertThrows(StoreFullException.class, () -> open(BlobStoreOptions.cache(2 * BOUND)));
    assertEquals(List.of(), disk.openHandles());
    disk.capacity(Long.MAX_VALUE);
    try (BlobStore store = open(BlobStoreOptions.cache())) {
      assertEquals(BOUND, store.stats().maxBytes());
    }
  }

  @Test
  void aCrashAtAnyCallOfAChangeLeavesOneOfTheBounds() {
    open(BlobStoreOptions.cache(BOUND)).close();
    long before = disk.ioCalls();
    SimulatedDisk start = disk.afterCrash(Survival.ALL, 1);
    boolean done = false;
    int old = 0;
    int changed = 0;
    for (long call = 1; !done; call++) {
      disk = start.afterCrash(Survival.ALL, call);
      disk.crashAfter(call);
      done = !crashes(() -> open(BlobStoreOptions.cache(2 * BOUND)).close());
      for (Survival survival : Survival.values()) {
        SimulatedDisk after = disk.afterCrash(survival, call);
        try (BlobStore store = StoreFixture.open(after, BlobStoreOptions.cache())) {
          long bound = store.stats().maxBytes();
          assertTrue(bound == BOUND || bound == 2 * BOUND, "a bound of " + bound);
          old += bound == BOUND ? 1 : 0;
          changed += bound == BOUND ? 0 : 1;
        }
      }
    }
    assertTrue(before > 0 && old > 5 && changed > 5, old + " old, " + changed + " changed");
  }

  private static boolean crashes(Runnable opening) {
    try {
      opening.run();
      return false;
    } catch (SimulatedCrashException | BlobStoreException e) {
      return true;
    }
  }
}
