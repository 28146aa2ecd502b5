package dev.quarry;

import static dev.quarry.StoreFixture.CACHE;
import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What arguments that make no sense, and directories that are no stores, get. */
@SuppressWarnings("NullAway") // null is the point here
class BadInputTest {

  private static final byte[] KEY = key("key");
  private static final byte[] NOTHING = {};

  @TempDir Path directory;

  /** Every operation on a key, by its name. */
  private static Map<String, Executable> operationsOn(BlobStore store, byte[] key) {
    Map<String, Executable> operations = new LinkedHashMap<>();
    operations.put("put array", () -> store.put(key, NOTHING));
    operations.put("put buffer", () -> store.put(key, ByteBuffer.allocate(1)));
    operations.put("get", () -> store.get(key));
    operations.put("get into", () -> store.get(key, ByteBuffer.allocate(1)));
    operations.put("view", () -> store.view(key));
    operations.put("contains", () -> store.contains(key));
    operations.put("delete", () -> store.delete(key));
    return operations;
  }

  private static void assertRefused(String inMessage, Map<String, Executable> operations) {
    operations.forEach(
        (name, operation) -> {
          var e = assertThrows(IllegalArgumentException.class, operation, name);
          assertTrue(e.getMessage().contains(inMessage), () -> name + ": " + e.getMessage());
        });
  }

  @Test
  void aKeyThatIsNullOrEmptyOrTooLongIsRefusedByEveryOperation() {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertRefused("null", operationsOn(store, null));
      assertRefused("empty", operationsOn(store, NOTHING));
      assertRefused("65536", operationsOn(store, new byte[65_536]));
      assertEquals(0, store.stats().puts());
    }
  }

  @ParameterizedTest
  @EnumSource
  void theShortestAndTheLongestKeyAreTaken(StoreMode mode) {
    byte[] shortest = {0};
    byte[] longest = value(1, 65_535);
    BlobStoreOptions options = StoreFixture.options(mode);
    try (BlobStore store = BlobStore.open(directory, options)) {
      store.put(shortest, NOTHING);
      store.put(longest, value(2, 500_000));
      store.put(longest, value(3, 70_000));
    }
    try (BlobStore store = BlobStore.open(directory, options)) {
      assertArrayEquals(NOTHING, store.get(shortest));
      assertArrayEquals(value(3, 70_000), store.get(longest));
      assertEquals(2, StoreFixture.keys(store, KeyRange.all()).size());
      assertTimeoutPreemptively(Duration.ofMinutes(2), () -> assertTrue(store.delete(longest)));
      assertNull(store.get(longest));
    }
    try (BlobStore store = BlobStore.open(directory, options)) {
      assertArrayEquals(NOTHING, store.get(shortest));
      assertNull(store.get(longest));
    }
  }

  @Test
  void nullIsAFaultInTheArgumentEverywhere() {
    assertThrows(IllegalArgumentException.class, () -> BlobStore.open(null, DURABLE));
    assertThrows(IllegalArgumentException.class, () -> BlobStore.open(directory, null));
    assertFalse(Files.exists(directory.resolve("STORE")));
    assertThrows(IllegalArgumentException.class, () -> KeyRange.prefix(null));
    assertThrows(IllegalArgumentException.class, () -> KeyRange.from(null));
    assertThrows(IllegalArgumentException.class, () -> KeyRange.between(null, KEY));
    assertThrows(IllegalArgumentException.class, () -> KeyRange.between(KEY, null));
    assertThrows(IllegalArgumentException.class, () -> KeyRange.all().contains(null));
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertThrows(IllegalArgumentException.class, () -> store.put(KEY, (byte[]) null));
      assertThrows(IllegalArgumentException.class, () -> store.put(KEY, (ByteBuffer) null));
      assertThrows(IllegalArgumentException.class, () -> store.get(KEY, null));
      assertThrows(IllegalArgumentException.class, () -> store.keys(null));
      store.put(KEY, NOTHING);
      try (Blob blob = store.view(KEY)) {
        assertThrows(IllegalArgumentException.class, () -> blob.writeTo(null));
      }
    }
  }

  @Test
  void aDestinationThatIsReadOnlyOrTooSmallIsRefusedAndLeftAlone() {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      store.put(KEY, value(1, 100));
      assertThrows(
          IllegalArgumentException.class,
          () -> store.get(KEY, ByteBuffer.allocate(200).asReadOnlyBuffer()));
      ByteBuffer small = ByteBuffer.allocate(100).position(1);
      var e = assertThrows(ValueTooLargeException.class, () -> store.get(KEY, small));
      assertEquals(100, e.size());
      assertEquals(99, e.limit());
      assertEquals(1, small.position());
      assertArrayEquals(new byte[100], small.array());
      assertEquals(100, store.get(KEY, small.position(0)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aValueOverTheLimitIsRefusedAndTheOldOneStays(StoreMode mode) {
    BlobStoreOptions options = StoreFixture.options(mode).toBuilder().maxValueBytes(1_000).build();
    try (BlobStore store = BlobStore.open(directory, options)) {
      store.put(KEY, value(1, 1_000));
      var e = assertThrows(ValueTooLargeException.class, () -> store.put(KEY, new byte[1_001]));
      assertEquals(1_001, e.size());
      assertEquals(1_000, e.limit());
      assertTrue(e.getMessage().contains("1001") && e.getMessage().contains("1000"));
      assertThrows(
          ValueTooLargeException.class, () -> store.put(KEY, ByteBuffer.allocateDirect(1_001)));
      assertArrayEquals(value(1, 1_000), store.get(KEY));
      assertEquals(1, store.stats().puts());
    }
    // what an earlier opening allowed stays readable
    BlobStoreOptions tighter = options.toBuilder().maxValueBytes(0).build();
    try (BlobStore store = BlobStore.open(directory, tighter)) {
      assertArrayEquals(value(1, 1_000), store.get(KEY));
      store.put(KEY, NOTHING);
      assertArrayEquals(NOTHING, store.get(KEY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyOperationOnAClosedStoreThrows(StoreMode mode) {
    BlobStore store = BlobStore.open(directory, StoreFixture.options(mode));
    store.put(KEY, NOTHING);
    KeyCursor cursor = store.keys(KeyRange.all());
    store.close();
    Map<String, Executable> operations = operationsOn(store, KEY);
    operations.put("get of an absent key", () -> store.get(key("absent")));
    operations.put("keys", () -> store.keys(KeyRange.all()));
    operations.put("sync", store::sync);
    operations.put("stats", store::stats);
    operations.put("a cursor's next", cursor::next);
    operations.put("put of a large value", () -> store.put(KEY, new byte[200_000]));
    operations.forEach(
        (name, operation) -> assertThrows(StoreClosedException.class, operation, name));
    var e = assertThrows(StoreClosedException.class, store::stats);
    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
    store.close();
    cursor.close();
    cursor.close();
  }

  @Test
  void aStoreThatIsOpenIsLockedUntilItIsClosed() {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      store.put(KEY, NOTHING);
      for (int i = 0; i < 3; i++) {
        var e = assertThrows(StoreLockedException.class, () -> BlobStore.open(directory, DURABLE));
        assertTrue(e.getMessage().contains(directory.resolve("LOCK").toString()));
      }
      assertThrows(StoreLockedException.class, () -> BlobStore.open(directory, CACHE));
      Path roundabout = directory.resolve("..").resolve(directory.getFileName());
      assertThrows(StoreLockedException.class, () -> BlobStore.open(roundabout, DURABLE));
      assertNotNull(store.get(KEY));
    }
    BlobStore.open(directory, DURABLE).close();
  }

  @Test
  void aDirectoryOfOtherThingsIsRefusedAndNothingIsLeftInIt() throws IOException {
    Files.writeString(directory.resolve("thesis.txt"), "years of work");
    Files.createDirectories(directory.resolve("photos"));
    var e = assertThrows(IllegalArgumentException.class, () -> BlobStore.open(directory, DURABLE));
    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(
          List.of("photos", "thesis.txt"),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void aPathThatIsAFileIsRefusedAndTheFileStays() throws IOException {
    Path file = directory.resolve("file");
    Files.writeString(file, "content");
    var e = assertThrows(IllegalArgumentException.class, () -> BlobStore.open(file, DURABLE));
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    var below =
        assertThrows(
            IllegalArgumentException.class, () -> BlobStore.open(file.resolve("below"), DURABLE));
    assertTrue(below.getMessage().contains(file.toString()), below.getMessage());
    assertEquals("content", Files.readString(file));
  }

  @Test
  void aMissingDirectoryIsCreatedWithItsParents() {
    Path deep = directory.resolve("a/b/c");
    try (BlobStore store = BlobStore.open(deep, DURABLE)) {
      store.put(KEY, NOTHING);
    }
    assertTrue(Files.exists(deep.resolve("STORE")));
  }

  static List<List<BlobStoreOptions>> bothModes() {
    return List.of(List.of(DURABLE, CACHE), List.of(CACHE, DURABLE));
  }

  @ParameterizedTest
  @MethodSource("bothModes")
  void aStoreOfTheOtherModeIsRefusedAndUnchanged(List<BlobStoreOptions> modes) throws IOException {
    try (BlobStore store = BlobStore.open(directory, modes.get(0))) {
      putAll(store, 0, 20, 10_000);
    }
    Map<Path, ByteBuffer> before = StoreFixture.files(directory);
    var e =
        assertThrows(IllegalArgumentException.class, () -> BlobStore.open(directory, modes.get(1)));
    assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
    assertTrue(e.getMessage().contains("DURABLE") && e.getMessage().contains("CACHE"));
    assertEquals(before, StoreFixture.files(directory));
    try (BlobStore store = BlobStore.open(directory, modes.get(0))) {
      assertAll(store, 0, 20, 10_000);
    }
  }

  @Test
  void filesThatOnlyLookLikeTheStoresOwnAreLeftAlone() throws IOException {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      putAll(store, 0, 3, 100);
    }
    List<String> strangers =
        List.of("segments/1.seg", "segments/notes.txt", "wal/0000000009.wal.bak", "readme");
    for (String stranger : strangers) {
      Files.writeString(directory.resolve(stranger), stranger);
    }
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertAll(store, 0, 3, 100);
    }
    for (String stranger : strangers) {
      assertEquals(stranger, Files.readString(directory.resolve(stranger)));
    }
  }

  @Test
  void anIdThatNoSegmentCanHaveIsReportedByName() throws IOException {
    BlobStore.open(directory, DURABLE).close();
    for (String name : List.of("wal/9999999999.wal", "segments/9999999999.seg")) {
      Path file = directory.resolve(name);
      Files.write(file, NOTHING);
      var e =
          assertThrows(BlobStoreException.class, () -> BlobStore.open(directory, DURABLE), name);
      assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
      Files.delete(file);
    }
    BlobStore.open(directory, DURABLE).close();
  }
}
