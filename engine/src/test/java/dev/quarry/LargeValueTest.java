package dev.quarry;

import static dev.quarry.StoreFixture.LARGEST_IN_SLAB;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Values that no slab holds, and those around the limit. */
class LargeValueTest {

  private static final int MIB = 1 << 20;
  private static final byte[] KEY = key(1);

  @TempDir Path directory;
  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open(StoreMode mode) {
    return StoreFixture.open(disk, StoreFixture.options(mode));
  }

  private List<String> segments() throws Exception {
    return disk.list(ROOT.resolve("segments"));
  }

  @ParameterizedTest
  @EnumSource
  void onlyWhatDoesNotFitASlabTakesASegmentOfItsOwn(StoreMode mode) throws Exception {
    for (int off = -3; off <= 3; off++) {
      try (BlobStore store = open(mode)) {
        List<String> before = segments();
        store.put(KEY, value(off, LARGEST_IN_SLAB + off));
        boolean alone = !before.containsAll(segments());
        assertEquals(off > 0, alone, () -> "written at once");
        assertArrayEquals(value(off, LARGEST_IN_SLAB + off), store.get(KEY));
      }
      try (BlobStore store = open(mode)) {
        assertArrayEquals(value(off, LARGEST_IN_SLAB + off), store.get(KEY));
        assertEquals(1, store.stats().keys());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLargeValueIsDurableWhenPutReturnsInBothModes(StoreMode mode) {
    BlobStore store = open(mode);
    store.put(KEY, value(1, 3 * MIB));
    try (BlobStore recovered =
        StoreFixture.open(disk.afterCrash(Survival.NONE, 1), StoreFixture.options(mode))) {
      assertArrayEquals(value(1, 3 * MIB), recovered.get(KEY));
    }
    store.close();
  }

  @ParameterizedTest
  @EnumSource
  void everyKindOfBufferIsTakenFromItsPositionToItsLimit(StoreMode mode) {
    int length = 2 * MIB + 5;
    byte[] expected = value(1, length);
    ByteBuffer heap = ByteBuffer.allocate(length + 100).position(13);
    heap.put(expected).limit(13 + length).position(13);
    ByteBuffer direct = ByteBuffer.allocateDirect(length + 100).position(7);
    direct.put(expected).limit(7 + length).position(7);
    List<ByteBuffer> values =
        List.of(heap, direct, heap.asReadOnlyBuffer(), direct.slice(), heap.slice());
    try (BlobStore store = open(mode)) {
      for (int i = 0; i < values.size(); i++) {
        ByteBuffer value = values.get(i);
        int position = value.position();
        store.put(key(i), value);
        assertEquals(position, value.position());
        assertEquals(length, value.remaining());
      }
    }
    try (BlobStore store = open(mode)) {
      for (int i = 0; i < values.size(); i++) {
        assertArrayEquals(expected, store.get(key(i)));
        ByteBuffer copy = ByteBuffer.allocateDirect(length + 9).position(9);
        assertEquals(length, store.get(key(i), copy));
        assertEquals(ByteBuffer.wrap(expected), copy.flip().position(9));
        try (Blob blob = store.view(key(i))) {
          assertNotNull(blob);
          assertEquals(ByteBuffer.wrap(expected), blob.buffer());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void smallAndLargeValuesReplaceEachOther(StoreMode mode) {
    int[] lengths = {10, 100_000, 0, 200_000, 150_000, 3, -1, 70_000, -1, 5, 90_000};
    for (int i = 0; i < lengths.length; i++) {
      byte[] expected = lengths[i] < 0 ? null : value(i, lengths[i]);
      try (BlobStore store = open(mode)) {
        if (expected == null) {
          assertTrue(store.delete(KEY));
          assertFalse(store.delete(KEY));
        } else {
          store.put(KEY, expected);
        }
        assertArrayEquals(expected, store.get(KEY));
      }
      try (BlobStore store = open(mode)) {
        assertArrayEquals(expected, store.get(KEY));
        assertEquals(expected == null ? 0 : 1, store.stats().keys());
      }
    }
  }

  private static boolean forcesTemporary(Operation operation, Path path) {
    return operation == Operation.FORCE && path.toString().matches(".*/segments/.*tmp");
  }

  /** Opens a store in which large values get stuck before they are durable. */
  private static BlobStore openHeldUp(Gate gate, Disk disk, StoreMode mode) {
    Disk gated = gate.before(disk, LargeValueTest::forcesTemporary);
    return BlobStore.open(ROOT, StoreFixture.options(mode), TestStores.threaded(gated));
  }

  @Test
  void aSmallValuePutAfterALargeOneWinsThoughItIsThereFirst() {
    for (boolean rotates : new boolean[] {false, true}) {
      SimulatedDisk fresh = new SimulatedDisk(1);
      Gate gate = new Gate();
      try (BlobStore store = openHeldUp(gate, fresh, StoreMode.DURABLE)) {
        CompletableFuture<Void> large =
            CompletableFuture.runAsync(() -> store.put(KEY, value(1, 100_000)));
        gate.awaitArrival();
        store.put(KEY, value(2, 10));
        if (rotates) {
          StoreFixture.putAll(store, 10, 60, 10_000);
        }
        assertArrayEquals(value(2, 10), store.get(KEY));
        gate.open();
        large.join();
        assertArrayEquals(value(2, 10), store.get(KEY));
      }
      try (BlobStore store = StoreFixture.open(fresh, StoreFixture.DURABLE)) {
        assertArrayEquals(value(2, 10), store.get(KEY));
        StoreInvariants.check(store);
      }
    }
  }

  @Test
  void aLargeValuePutAfterASmallOneWinsThoughItIsThereFirst() {
    Gate gate = new Gate();
    Disk gated =
        gate.before(
            disk,
            (operation, path) -> operation == Operation.FORCE && path.endsWith("0000000001.wal"));
    try (BlobStore store = BlobStore.open(ROOT, StoreFixture.DURABLE, TestStores.threaded(gated))) {
      CompletableFuture<Void> small =
          CompletableFuture.runAsync(() -> store.put(KEY, value(1, 10)));
      gate.awaitArrival();
      store.put(KEY, value(2, 100_000));
      assertArrayEquals(value(2, 100_000), store.get(KEY));
      gate.open();
      small.join();
      assertArrayEquals(value(2, 100_000), store.get(KEY));
    }
    try (BlobStore store = open(StoreMode.DURABLE)) {
      assertArrayEquals(value(2, 100_000), store.get(KEY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsSeenAfterConcurrentPutsOfOneKeyIsSeenAfterReopening(StoreMode mode) {
    for (int round = 0; round < 10; round++) {
      byte[] last;
      try (BlobStore store =
          BlobStore.open(ROOT, StoreFixture.options(mode), TestStores.threaded(disk))) {
        List<CompletableFuture<Void>> puts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          int first = i * 10;
          puts.add(
              CompletableFuture.runAsync(
                  () -> {
                    for (int n = first; n < first + 10; n++) {
                      store.put(KEY, value(n, n % 3 == 0 ? 80_000 : 9_000));
                    }
                  }));
        }
        puts.forEach(CompletableFuture::join);
        last = store.get(KEY);
        assertNotNull(last);
      }
      try (BlobStore store = open(mode)) {
        assertArrayEquals(last, store.get(KEY));
        assertEquals(1, store.stats().keys());
        StoreInvariants.check(store);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aValueIsNotCopiedOnTheHeap(StoreMode mode) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] array = value(1, 16 * MIB);
    ByteBuffer direct = ByteBuffer.allocateDirect(16 * MIB).put(0, array);
    BlobStoreOptions options = StoreFixture.options(mode);
    try (BlobStore store = BlobStore.open(directory, options)) {
      for (int round = 0; round < 2; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        store.put(key(1), array);
        store.put(key(2), direct);
        try (Blob blob = store.view(key(1))) {
          assertNotNull(blob);
          assertEquals(array.length, blob.size());
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 2 * MIB, () -> "two puts of 16 MiB allocated " + allocated);
      }
    }
  }

  /** Takes 10 GiB of disk and a minute: -Dquarry.test.huge=true. */
  @Test
  @EnabledIfSystemProperty(named = "quarry.test.huge", matches = "true")
  void theLongestValueThereCanBeIsStoredAndReadWhole() throws Exception {
    ByteBuffer value = ByteBuffer.allocateDirect(Integer.MAX_VALUE);
    for (int i = 0; i < value.capacity() - 8; i += 8) {
      value.putLong(i, i * 0x9E3779B97F4A7C15L);
    }
    for (StoreMode mode : StoreMode.values()) {
      for (int keyLength : new int[] {8, 5, 65_535}) {
        byte[] key = value(1, keyLength);
        Path root = directory.resolve(mode + "-" + keyLength);
        BlobStoreOptions options =
            StoreFixture.options(mode).toBuilder().segmentBytes(1 << 20).build();
        try (BlobStore store = BlobStore.open(root, options)) {
          store.put(key, value);
          assertHuge(store, key, value);
          store.put(key(7), value(1, 100));
        }
        try (BlobStore store = BlobStore.open(root, options)) {
          assertEquals(0, store.stats().damagedFiles());
          assertHuge(store, key, value);
          assertEquals(2, StoreFixture.keys(store, KeyRange.all()).size());
          assertTrue(store.delete(key));
          assertNull(store.get(key));
        }
        StoreFixture.delete(root);
      }
    }
  }

  private static void assertHuge(BlobStore store, byte[] key, ByteBuffer expected) {
    assertTrue(store.contains(key));
    try (Blob blob = store.view(key)) {
      assertNotNull(blob);
      assertEquals(Integer.MAX_VALUE, blob.size());
      assertEquals(-1, blob.buffer().mismatch(expected));
    }
    ByteBuffer copy = ByteBuffer.allocateDirect(Integer.MAX_VALUE);
    assertEquals(Integer.MAX_VALUE, store.get(key, copy));
    assertEquals(-1, copy.flip().mismatch(expected));
    assertThrows(ValueTooLargeException.class, () -> store.get(key));
  }
}
