package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.keys;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreFixture.Place;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.RecordFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A listing holds every key that has a value, or says that it does not. */
@Tag("slow")
class CompleteListingTest {

  private static final int KEYS = 18;

  @TempDir Path directory;
  private final FileSystemDisk disk = new FileSystemDisk();

  /** What a listing gave, and what it threw at its end. */
  private record Listing(List<String> keys, List<CorruptionException> damage) {}

  private static Listing list(BlobStore store) {
    List<String> keys = new ArrayList<>();
    List<CorruptionException> damage = new ArrayList<>();
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        keys.add(Arrays.toString(cursor.key()));
      }
    } catch (CorruptionException e) {
      damage.add(e);
    }
    return new Listing(keys, damage);
  }

  private static List<String> allKeys() {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      keys.add(Arrays.toString(key(i)));
    }
    return keys;
  }

  private Place write(BlobStoreOptions options) throws IOException {
    try (BlobStore store = BlobStore.open(directory, options)) {
      putAll(store, 0, KEYS, 500);
    }
    return place();
  }

  private Place place() throws IOException {
    return StoreFixture.place(disk, directory, segment(), key(7));
  }

  private Path segment() throws IOException {
    return StoreFixture.onlySegment(disk, directory);
  }

  private void loseKeyIndex() throws IOException {
    Path keyIndex = directory.resolve("keyindex");
    if (disk.exists(keyIndex)) {
      StoreFixture.delete(keyIndex);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKeyWhoseRecordHasADamagedHeaderIsListed(StoreMode mode) throws IOException {
    Place damaged = write(StoreFixture.options(mode));
    for (int i = 0; i < RecordFormat.HEADER_LENGTH; i++) {
      StoreFixture.flip(segment(), damaged.offset() + i, 0x10);
      loseKeyIndex();
      try (BlobStore store = BlobStore.open(directory, StoreFixture.options(mode))) {
        Listing listing = list(store);
        assertEquals(List.of(), listing.damage);
        assertEquals(allKeys(), listing.keys, "byte " + i);
        var e = assertThrows(CorruptionException.class, () -> store.get(key(7)));
        assertEquals(segment(), e.file());
      }
      StoreFixture.flip(segment(), damaged.offset() + i, 0x10);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKeyThatCannotBeReadIsReportedByFileAndOffsetWhenAllOthersAreListed(StoreMode mode)
      throws IOException {
    Place damaged = write(StoreFixture.options(mode));
    for (int i = 0; i < 4; i++) {
      StoreFixture.flip(segment(), damaged.keyOffset() + i, 0x01);
      loseKeyIndex();
      for (int opening = 0; opening < 2; opening++) {
        try (BlobStore store = BlobStore.open(directory, StoreFixture.options(mode))) {
          for (int again = 0; again < 2; again++) {
            Listing listing = list(store);
            List<String> others = allKeys();
            others.remove(Arrays.toString(key(7)));
            assertEquals(others, listing.keys);
            assertEquals(1, listing.damage.size(), "opening " + opening + ", again " + again);
            CorruptionException e = listing.damage.get(0);
            assertEquals(segment(), e.file());
            assertEquals(damaged.offset(), e.offset());
            assertTrue(e.getMessage().contains(segment().toString()), e.getMessage());
          }
        }
      }
      StoreFixture.flip(segment(), damaged.keyOffset() + i, 0x01);
    }
  }

  @Test
  void aCursorStaysAtTheExceptionAndTheKeysBeforeItStand() throws IOException {
    Place damaged = write(DURABLE);
    StoreFixture.flip(segment(), damaged.keyOffset(), 0x01);
    try (BlobStore store = BlobStore.open(directory, DURABLE);
        KeyCursor cursor = store.keys(KeyRange.all())) {
      for (int i = 0; i < KEYS - 1; i++) {
        assertTrue(cursor.next());
      }
      for (int i = 0; i < 3; i++) {
        assertThrows(CorruptionException.class, cursor::next);
        assertThrows(IllegalStateException.class, cursor::key);
      }
    }
  }

  @Test
  void aKeyThatTheKeyIndexHasIsListedThoughItIsDamagedNow() throws IOException {
    Place damaged = write(DURABLE);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(allKeys(), list(store).keys);
    }
    StoreFixture.flip(segment(), damaged.keyOffset(), 0x01);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(allKeys(), list(store).keys);
    }
  }

  @Test
  void aDamagedRecordThatIsNoLongerTheNewestOfItsKeyCostsNothing() throws IOException {
    Place damaged = write(DURABLE);
    StoreFixture.flip(segment(), damaged.keyOffset(), 0x01);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(1, list(store).damage.size());
      store.put(key(7), value(7, 500));
      assertEquals(List.of(), list(store).damage);
      assertEquals(allKeys(), list(store).keys);
      assertTrue(store.delete(key(7)));
      assertEquals(List.of(), list(store).damage);
      assertEquals(KEYS - 1, list(store).keys.size());
    }
  }

  @Test
  void aFooterThatIsDamagedUnderTheOpenStoreIsMadeOfTheRecords() throws IOException {
    Place damaged = write(DURABLE);
    Path file = segment();
    long footer = StoreFixture.trailer(disk, directory, file).recordsEnd();
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      StoreFixture.flip(file, footer + 40, 0x01);
      assertEquals(new Listing(allKeys(), List.of()), list(store));
    }
    StoreFixture.flip(file, footer + 40, 0x01);
    loseKeyIndex();
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      StoreFixture.flip(file, footer + 40, 0x01);
      StoreFixture.flip(file, damaged.offset() + 4, 0x01);
      Listing listing = list(store);
      assertEquals(KEYS - 1, listing.keys.size());
      assertEquals(file, listing.damage.get(0).file());
      assertEquals(footer, listing.damage.get(0).offset());
    }
  }

  @Test
  void keysAreListedThoughTheKeyIndexIsDeletedUnderTheOpenStore() throws IOException {
    write(DURABLE);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(allKeys(), list(store).keys);
      loseKeyIndex();
      assertEquals(allKeys(), list(store).keys);
      putAll(store, KEYS, KEYS + 200, 3_000); // several segments more
      assertEquals(KEYS + 200, keys(store, KeyRange.all()).size());
    }
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(KEYS + 200, keys(store, KeyRange.all()).size());
    }
  }
}
