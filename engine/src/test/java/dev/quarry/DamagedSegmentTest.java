package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.flip;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreFixture.Place;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.Footer;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one changed byte in a segment costs: what it hit, and no more; nothing is ever repaired. */
class DamagedSegmentTest {

  private static final int KEYS = 12;
  private static final int VICTIM = 5;

  private final Disk disk = new FileSystemDisk();
  @TempDir Path directory;
  private Path segment;
  private byte[] pristine;
  private List<Place> places;

  @BeforeEach
  void makeStore() throws IOException {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      for (int i = 0; i < KEYS; i++) {
        store.put(key(i), valueOf(i));
      }
      store.put(key("deleted"), value(0, 10));
      store.delete(key("deleted"));
    }
    Files.delete(new StoreLayout(directory).checkpoint()); // else an opening looks at the end alone
    segment = StoreFixture.onlySegment(disk, directory);
    pristine = Files.readAllBytes(segment);
    places = StoreFixture.places(disk, directory, segment);
    assertEquals(KEYS + 2, places.size());
  }

  private static byte[] valueOf(int key) {
    return value(key, 100 + key);
  }

  private interface Check {
    void run(BlobStore store) throws IOException;
  }

  /** Opens the store after a flip, checks it, and sees to it that no byte on disk was changed. */
  private void withFlip(long offset, int bits, Check check) throws IOException {
    flip(segment, offset, bits);
    withDamage(check);
    Files.write(segment, pristine);
  }

  private void withDamage(Check check) throws IOException {
    Map<Path, ByteBuffer> before = StoreFixture.files(directory);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      check.run(store);
    }
    assertEquals(before, StoreFixture.files(directory), "reading changes no file");
    Files.delete(new StoreLayout(directory).checkpoint());
  }

  private void assertOthers(BlobStore store) {
    for (int i = 0; i < KEYS; i++) {
      if (i != VICTIM) {
        assertArrayEquals(valueOf(i), store.get(key(i)));
      }
    }
    assertNull(store.get(key("deleted")));
  }

  private void assertAllThere(BlobStore store) {
    assertOthers(store);
    assertArrayEquals(valueOf(VICTIM), store.get(key(VICTIM)));
    assertEquals(KEYS, store.stats().keys());
  }

  private void assertVictimReported(Executable read) {
    var e = assertThrows(CorruptionException.class, read);
    assertEquals(segment, e.file());
    assertEquals(places.get(VICTIM).offset(), e.offset());
    assertTrue(e.getMessage().contains(segment + " at offset " + e.offset()), e.getMessage());
  }

  private void assertValueReported(BlobStore store) {
    assertVictimReported(() -> store.get(key(VICTIM)));
    assertVictimReported(() -> store.get(key(VICTIM), ByteBuffer.allocate(1_000)));
    assertVictimReported(() -> store.view(key(VICTIM)));
  }

  @Test
  void aDamagedFileHeaderIsNotedAndCostsNothing() throws IOException {
    for (int at = 0; at < FileHeader.LENGTH; at += 3) {
      withFlip(
          at,
          0x10,
          store -> {
            assertEquals(1, store.stats().damagedFiles());
            assertAllThere(store);
          });
    }
  }

  @Test
  void aDamagedRecordHeaderCostsThatRecord() throws IOException {
    for (int i = 0; i < RecordFormat.HEADER_LENGTH; i++) {
      withFlip(
          places.get(VICTIM).offset() + i,
          0x01,
          store -> {
            assertEquals(0, store.stats().damagedFiles());
            assertOthers(store);
            assertValueReported(store);
            assertVictimReported(() -> store.contains(key(VICTIM)));
          });
    }
  }

  @Test
  void aDamagedKeyCostsThatRecord() throws IOException {
    for (int i = 0; i < 4; i++) {
      withFlip(
          places.get(VICTIM).keyOffset() + i,
          0x80,
          store -> {
            assertOthers(store);
            assertValueReported(store);
            assertVictimReported(() -> store.contains(key(VICTIM)));
          });
    }
  }

  @Test
  void aDamagedValueCostsThatRecordThoughItsKeyIsThere() throws IOException {
    Place victim = places.get(VICTIM);
    for (long at = victim.valueOffset(); at < victim.offset() + victim.length(); at += 8) {
      withFlip(
          at,
          0x04,
          store -> {
            assertOthers(store);
            assertValueReported(store);
            assertTrue(store.contains(key(VICTIM)));
          });
    }
  }

  @Test
  void paddingMeansNothing() throws IOException {
    Place victim = places.get(VICTIM);
    long end = victim.offset() + victim.length();
    assertTrue(end < RecordFormat.align(end));
    for (long at = end; at < RecordFormat.align(end); at++) {
      withFlip(at, 0xFF, this::assertAllThere);
    }
  }

  @Test
  void aDamagedFooterIsNotedAndMadeGoodFromTheRecords() throws IOException {
    long start = StoreFixture.trailer(disk, directory, segment).recordsEnd();
    for (long at = start; at < start + (long) places.size() * Footer.ENTRY_LENGTH; at += 11) {
      withFlip(
          at,
          0x20,
          store -> {
            assertEquals(1, store.stats().damagedFiles());
            assertAllThere(store);
          });
    }
  }

  @Test
  void theFooterOfASegmentThatACheckpointAccountsForIsNotLookedAt() throws IOException {
    BlobStore.open(directory, DURABLE).close();
    flip(segment, StoreFixture.trailer(disk, directory, segment).recordsEnd() + 40, 0x20);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(0, store.stats().damagedFiles());
      assertAllThere(store);
    }
  }

  @Test
  void aDamagedHeaderIsNotedAlsoWhereACheckpointAccountsForTheSegment() throws IOException {
    BlobStore.open(directory, DURABLE).close();
    flip(segment, 20, 0x10);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(1, store.stats().damagedFiles());
      assertAllThere(store);
    }
  }

  @Test
  void aDamagedTrailerIsNotedAndMadeGoodFromTheRecords() throws IOException {
    for (int at = pristine.length - Footer.TRAILER_LENGTH; at < pristine.length; at += 3) {
      withFlip(
          at,
          0x02,
          store -> {
            assertEquals(1, store.stats().damagedFiles());
            assertAllThere(store);
          });
    }
  }

  @Test
  void damageThatTheRecordsCannotMakeGoodStopsTheOpening() throws IOException {
    flip(segment, places.get(VICTIM).offset(), 0x01);
    flip(segment, pristine.length - 1, 0x01);
    assertRefused();
  }

  private CorruptionException assertRefused() throws IOException {
    Map<Path, ByteBuffer> before = StoreFixture.files(directory);
    var e = assertThrows(CorruptionException.class, () -> BlobStore.open(directory, DURABLE));
    assertEquals(segment, e.file());
    assertTrue(e.getMessage().contains(segment.toString()), e.getMessage());
    assertEquals(before, StoreFixture.files(directory), "an opening that fails changes nothing");
    return e;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 4_095, 4_097})
  void aTruncatedSegmentIsReported(int length) throws IOException {
    Files.write(segment, Arrays.copyOf(pristine, Math.min(length, pristine.length - 1)));
    assertEquals(Files.size(segment), assertRefused().offset());
    Files.write(segment, pristine);
    withDamage(this::assertAllThere);
  }

  @Test
  void aSegmentCutAtABlockIsReported() throws IOException {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      StoreFixture.putAll(store, 100, 110, 4_000);
    }
    Path longer = directory.resolve("segments/0000000002.seg");
    byte[] whole = Files.readAllBytes(longer);
    segment = longer;
    for (int blocks = 1; blocks * Disk.BLOCK < whole.length; blocks++) {
      Files.write(longer, Arrays.copyOf(whole, blocks * Disk.BLOCK));
      assertRefused();
    }
    Files.write(longer, whole);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertAllThereAndMore(store);
    }
  }

  private void assertAllThereAndMore(BlobStore store) {
    assertOthers(store);
    StoreFixture.assertAll(store, 100, 110, 4_000);
  }

  @Test
  void aSegmentUnderAnotherNameIsRefused() throws IOException {
    Path wrong = directory.resolve("segments/0000000007.seg");
    Files.copy(segment, wrong);
    segment = wrong;
    assertRefused();
  }

  @Test
  void aDamagedRecordCanBeOverwrittenOrDeleted() throws IOException {
    flip(segment, places.get(VICTIM).offset() + 3, 0x01);
    flip(segment, places.get(VICTIM + 1).valueOffset(), 0x01);
    flip(segment, places.get(VICTIM + 2).keyOffset(), 0x01);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      for (int i = VICTIM; i < VICTIM + 3; i++) {
        assertTrue(store.delete(key(i)));
        assertFalse(store.delete(key(i)));
        assertNull(store.get(key(i)));
      }
      store.put(key(VICTIM), valueOf(1));
    }
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertArrayEquals(valueOf(1), store.get(key(VICTIM)));
      assertNull(store.get(key(VICTIM + 1)));
      assertNull(store.get(key(VICTIM + 2)));
    }
  }

  @Test
  void aDamagedRecordIsListedUntilItIsDeleted() throws IOException {
    flip(segment, places.get(VICTIM).valueOffset(), 0x01);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(KEYS, StoreFixture.keys(store, KeyRange.all()).size());
      store.delete(key(VICTIM));
      assertEquals(KEYS - 1, StoreFixture.keys(store, KeyRange.all()).size());
    }
  }
}
