package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.flip;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStoreOptions.Verification;
import dev.quarry.StoreFixture.Place;
import dev.quarry.segment.FileSystemDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes of a segment file that change under an open store, and who notices. */
class VerificationTest {

  private static final byte[] KEY = key(3);

  @TempDir Path directory;
  private Path segment;
  private Place place;

  @BeforeEach
  void makeStore() throws IOException {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      StoreFixture.putAll(store, 0, 6, 1_000);
    }
    segment = StoreFixture.onlySegment(new FileSystemDisk(), directory);
    place = StoreFixture.place(new FileSystemDisk(), directory, segment, KEY);
  }

  private BlobStore open(Verification verification) {
    return BlobStore.open(directory, DURABLE.toBuilder().verification(verification).build());
  }

  /** Changes a byte of the file in place, as an open mapping of it sees it. */
  private void damage(long offset) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
      file.seek(offset);
      int before = file.read();
      file.seek(offset);
      file.write(before ^ 0x10);
    }
  }

  private void assertNoticed(Executable read) {
    var e = assertThrows(CorruptionException.class, read);
    assertEquals(segment, e.file());
    assertEquals(place.offset(), e.offset());
  }

  @Test
  void alwaysMeansOnEveryRead() throws IOException {
    try (BlobStore store = open(Verification.ALWAYS)) {
      assertArrayEquals(value(3, 1_000), store.get(KEY));
      damage(place.valueOffset() + 500);
      for (int i = 0; i < 2; i++) {
        assertNoticed(() -> store.get(KEY));
        assertNoticed(() -> store.view(KEY));
      }
      assertTrue(store.contains(KEY));
      damage(place.valueOffset() + 500);
      assertArrayEquals(value(3, 1_000), store.get(KEY), "the bytes are right again");
    }
  }

  @Test
  void firstReadMeansUntilTheRecordWasGoodOnce() throws IOException {
    try (BlobStore store = open(Verification.FIRST_READ)) {
      damage(place.valueOffset() + 500);
      assertNoticed(() -> store.get(KEY));
      assertNoticed(() -> store.get(KEY));
      assertTrue(store.contains(KEY), "which verifies nothing, and promises nothing");
      assertNoticed(() -> store.get(KEY));
      damage(place.valueOffset() + 500);
      assertArrayEquals(value(3, 1_000), store.get(KEY));
      damage(place.valueOffset() + 500);
      byte[] changed = store.get(KEY);
      assertEquals(value(3, 1_000)[500] ^ 0x10, changed[500]);
      StoreFixture.assertAll(store, 0, 3, 1_000);
      StoreFixture.assertAll(store, 4, 6, 1_000);
    }
    try (BlobStore store = open(Verification.FIRST_READ)) {
      assertNoticed(() -> store.get(KEY));
    }
  }

  @Test
  void everyRecordHasAFirstReadOfItsOwn() throws IOException {
    try (BlobStore store = open(Verification.FIRST_READ)) {
      StoreFixture.assertAll(store, 0, 3, 1_000);
      StoreFixture.assertAll(store, 4, 6, 1_000);
      damage(place.valueOffset());
      assertNoticed(() -> store.get(KEY));
    }
  }

  @Test
  void neverMeansTheValueIsTakenAsItIs() throws IOException {
    try (BlobStore store = open(Verification.NEVER)) {
      damage(place.valueOffset() + 500);
      byte[] changed = store.get(KEY);
      assertEquals(value(3, 1_000)[500] ^ 0x10, changed[500]);
    }
  }

  /** Without these a wrong length would be trusted, and another key's value returned. */
  @ParameterizedTest
  @EnumSource
  void headerAndKeyAreComparedOnEveryReadInEveryMode(Verification verification) throws IOException {
    try (BlobStore store = open(verification)) {
      assertArrayEquals(value(3, 1_000), store.get(KEY));
      for (long at = place.offset(); at < place.valueOffset(); at++) {
        damage(at);
        assertNoticed(() -> store.get(KEY));
        assertNoticed(() -> store.contains(KEY));
        damage(at);
      }
      assertArrayEquals(value(3, 1_000), store.get(KEY));
    }
  }

  @Test
  void alwaysIsTheDefault() throws IOException {
    flip(segment, place.valueOffset(), 1);
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertNoticed(() -> store.get(KEY));
    }
  }
}
