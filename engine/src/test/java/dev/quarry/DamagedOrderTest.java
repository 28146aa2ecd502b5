package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreFixture.Place;
import dev.quarry.segment.Footer;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which record of a key is the newest is told by sequence numbers, some of which are in records: a
 * damaged one must neither bring an older value back nor take a newer one away.
 */
class DamagedOrderTest {

  private static final byte[] KEY = key("key");

  private final SimulatedDisk disk = new SimulatedDisk(1);

  private List<Place> placesOfKey(Path segment) throws IOException {
    return StoreFixture.places(disk, ROOT, segment).stream()
        .filter(place -> place.key().equals(ByteBuffer.wrap(KEY)))
        .toList();
  }

  @Test
  void damageInADeadRecordCostsNothing() throws IOException {
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      store.put(KEY, value(1, 100));
      store.put(key(1), value(1, 100));
      store.put(KEY, value(2, 100));
    }
    Path segment = StoreFixture.onlySegment(disk, ROOT);
    Place dead = placesOfKey(segment).get(0);
    for (int i = 0; i < RecordFormat.HEADER_LENGTH; i++) {
      StoreFixture.flip(disk, segment, dead.offset() + i, 0x10);
      try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
        assertArrayEquals(value(2, 100), store.get(KEY));
        assertEquals(2, store.stats().keys());
      }
      StoreFixture.flip(disk, segment, dead.offset() + i, 0x10);
    }
  }

  @Test
  void damageInAnOverwrittenTombstoneCostsNothing() throws IOException {
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      store.put(KEY, value(1, 100));
      store.delete(KEY);
      store.put(KEY, value(2, 100));
    }
    Path segment = StoreFixture.onlySegment(disk, ROOT);
    Place tombstone = placesOfKey(segment).get(1);
    StoreFixture.flip(disk, segment, tombstone.offset() + RecordFormat.HEADER_LENGTH - 2, 0x01);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      assertArrayEquals(value(2, 100), store.get(KEY));
    }
  }

  /**
   * Leaves a large value in a segment of its own, which a reader keeps, and records of a slab that
   * was opened before and filled on after it; no checkpoint says what became of them.
   *
   * @param last what becomes of the key afterwards; null to delete it
   */
  private void writeLargeThen(byte @Nullable [] last) throws IOException {
    BlobStore store = StoreFixture.open(disk, DURABLE);
    store.put(key(1), value(1, 100));
    store.put(KEY, value(1, 100_000));
    try (Blob reader = Objects.requireNonNull(store.view(KEY))) {
      if (last == null) {
        assertTrue(store.delete(KEY));
      } else {
        store.put(KEY, last);
      }
      store.close();
      assertEquals(100_000, reader.size());
    }
    disk.delete(new StoreLayout(ROOT).checkpoint());
    assertTrue(disk.exists(new StoreLayout(ROOT).segment(2)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 16, 20, 22})
  void anOlderLargeValueDoesNotComeBackForADamagedNewerOne(int byteOfHeader) throws IOException {
    writeLargeThen(value(2, 100));
    Path slab = new StoreLayout(ROOT).segment(1);
    StoreFixture.flip(disk, slab, placesOfKey(slab).get(0).offset() + byteOfHeader, 0x04);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      var e = assertThrows(CorruptionException.class, () -> store.get(KEY));
      assertEquals(slab, e.file());
      assertArrayEquals(value(1, 100), store.get(key(1)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 16, 20, 22})
  void aDeletedLargeValueDoesNotComeBackForADamagedTombstone(int byteOfHeader) throws IOException {
    writeLargeThen(null);
    Path slab = new StoreLayout(ROOT).segment(1);
    StoreFixture.flip(disk, slab, placesOfKey(slab).get(0).offset() + byteOfHeader, 0x04);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      assertEquals(null, store.get(KEY));
    }
  }

  /** The checkpoint covers both segments; what it says of the one goes for no other file. */
  @Test
  void aDeletedKeyDoesNotComeBackForADamagedTrailer() throws IOException {
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      store.put(KEY, value(1, 100));
      store.put(key(1), value(1, 100));
    }
    Path older = StoreFixture.onlySegment(disk, ROOT);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      store.put(key(2), value(2, 100));
      assertTrue(store.delete(KEY));
    }
    assertTrue(disk.exists(new StoreLayout(ROOT).checkpoint()));
    for (long at = 1; at <= Footer.TRAILER_LENGTH; at++) {
      StoreFixture.flip(disk, older, disk.size(older) - at, 0x01);
      SimulatedDisk copy = disk.afterCrash(Survival.ALL, at);
      try (BlobStore store = StoreFixture.open(copy, DURABLE)) {
        assertEquals(null, store.get(KEY), "byte " + at + " from the end");
        assertArrayEquals(value(1, 100), store.get(key(1)));
        assertArrayEquals(value(2, 100), store.get(key(2)));
      }
      StoreFixture.flip(disk, older, disk.size(older) - at, 0x01);
    }
  }

  /** The large value is the newer one here: its sequence number was taken later. */
  @Test
  void aNewerLargeValueStaysThoughTheOlderRecordIsDamaged() throws IOException {
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      store.put(KEY, value(1, 100));
      store.put(KEY, value(2, 100_000));
      store.put(key(1), value(1, 100));
    }
    Path slab = new StoreLayout(ROOT).segment(1);
    StoreFixture.flip(disk, slab, placesOfKey(slab).get(0).offset(), 0x04);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      assertArrayEquals(value(2, 100_000), store.get(KEY));
      assertArrayEquals(value(1, 100), store.get(key(1)));
    }
  }

  @Test
  void aRecordThatIsDamagedUnderAnOpenStoreIsReplacedByTheNextPut() throws IOException {
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      store.put(KEY, value(1, 100));
    }
    Path segment = StoreFixture.onlySegment(disk, ROOT);
    StoreFixture.flip(disk, segment, placesOfKey(segment).get(0).offset(), 0x04);
    try (BlobStore store = StoreFixture.open(disk, DURABLE)) {
      assertThrows(CorruptionException.class, () -> store.get(KEY));
      store.put(KEY, value(2, 100));
      assertArrayEquals(value(2, 100), store.get(KEY));
    }
  }
}
