package dev.quarry;

import static dev.quarry.StoreFixture.CACHE;
import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.keys;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.FileSystemDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of keys, wherever their records are and whatever befell the key index. */
class KeyCursorTest {

  @TempDir Path directory;
  private final TreeSet<byte[]> model = new TreeSet<>(Arrays::compareUnsigned);
  private Path keyIndex;

  @BeforeEach
  void nameKeyIndex() {
    keyIndex = directory.resolve("keyindex");
  }

  private BlobStore open() {
    return BlobStore.open(directory, DURABLE);
  }

  private List<String> modelKeys(KeyRange range) {
    return model.stream().filter(range::contains).map(Arrays::toString).toList();
  }

  private void assertOrder(BlobStore store) {
    List<KeyRange> ranges = new ArrayList<>();
    ranges.add(KeyRange.all());
    for (int first : new int[] {0, 1, 7, 127, 128, 255}) {
      ranges.add(KeyRange.prefix(new byte[] {(byte) first}));
      ranges.add(KeyRange.from(new byte[] {(byte) first, 1}));
      ranges.add(KeyRange.between(new byte[] {1, (byte) first}, new byte[] {(byte) first, 2}));
    }
    ranges.add(KeyRange.prefix(new byte[0]));
    ranges.add(KeyRange.between(new byte[] {5}, new byte[] {5}));
    for (KeyRange range : ranges) {
      assertEquals(modelKeys(range), keys(store, range));
    }
  }

  private static byte[] randomKey(Random random) {
    byte[] key = new byte[1 + random.nextInt(3)];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) new int[] {0, 1, 7, 127, 128, 254, 255}[random.nextInt(7)];
    }
    return key;
  }

  private void change(BlobStore store, Random random) {
    byte[] key = randomKey(random);
    if (random.nextInt(3) == 0) {
      assertEquals(model.remove(key), store.delete(key));
    } else {
      store.put(key, value(1, random.nextInt(20) == 0 ? 80_000 : random.nextInt(3_000)));
      model.add(key);
    }
  }

  @ParameterizedTest
  @CsvSource({"DURABLE, true", "DURABLE, false", "CACHE, true", "CACHE, false"})
  void everyLiveKeyIsSeenOnceInOrderWhereverItIs(StoreMode mode, boolean withRocksDb)
      throws IOException {
    if (!withRocksDb) {
      BlobStore.open(directory, StoreFixture.options(mode)).close();
      Files.writeString(keyIndex, "in the way of RocksDB");
    }
    long seed = System.nanoTime();
    System.out.println("KeyCursorTest seed " + seed);
    Random random = new Random(seed);
    int rounds = mode == StoreMode.CACHE ? 12 : 4;
    for (int round = 0; round < rounds; round++) {
      try (BlobStore store = BlobStore.open(directory, StoreFixture.options(mode))) {
        assertOrder(store);
        for (int i = 0; i < 100; i++) {
          change(store, random);
        }
        assertOrder(store);
        if (round % 2 == 0) {
          store.sync();
          assertOrder(store);
        }
      }
    }
  }

  @Test
  void theKeyIndexMayBeDeletedWhileTheStoreIsClosed() throws IOException {
    Random random = new Random(1);
    for (int round = 0; round < 3; round++) {
      try (BlobStore store = open()) {
        for (int i = 0; i < 100; i++) {
          change(store, random);
        }
        assertOrder(store);
      }
      StoreFixture.delete(keyIndex);
      try (BlobStore store = open()) {
        assertOrder(store);
      }
    }
  }

  @Test
  void aKeyIndexThatIsBehindIsBroughtUpToDate() throws IOException {
    Random random = new Random(2);
    Path old = directory.resolveSibling(directory.getFileName() + "-old");
    try (BlobStore store = open()) {
      for (int i = 0; i < 200; i++) {
        change(store, random);
      }
      assertOrder(store);
    }
    copyKeyIndex(keyIndex, old);
    try (BlobStore store = open()) {
      for (int i = 0; i < 200; i++) {
        change(store, random);
      }
      assertOrder(store);
    }
    StoreFixture.delete(keyIndex);
    copyKeyIndex(old, keyIndex);
    StoreFixture.delete(old);
    try (BlobStore store = open()) {
      assertOrder(store);
    }
  }

  /** A cache's deletion may be lost, and with it goes what was done to the key index for it. */
  @Test
  void aKeyWhoseRemovalACrashUndidIsListed() throws IOException {
    Path crashed = directory.resolveSibling(directory.getFileName() + "-crashed");
    Environment inline = TestStores.inline(new FileSystemDisk());
    try (BlobStore store = BlobStore.open(directory, CACHE, inline)) {
      for (int key : new int[] {1, 2, 3, 1, 2, 4}) {
        store.put(key(key), value(key, 20_000)); // in two segments
      }
      store.sync();
      assertEquals(4, keys(store, KeyRange.all()).size());
      copySegments(crashed);
      store.delete(key(1));
      putAll(store, 10, 20, 20_000);
      store.delete(key(3)); // nothing of the first segment is left
      putAll(store, 20, 30, 20_000);
      assertEquals(22, keys(store, KeyRange.all()).size());
    }
    assertTrue(Files.notExists(directory.resolve("segments/0000000001.seg")));
    Files.delete(crashed.resolve("segments/0000000001.seg"));
    copyKeyIndex(keyIndex, crashed.resolve("keyindex"));
    try (BlobStore store = BlobStore.open(crashed, CACHE)) {
      assertArrayEquals(value(1, 20_000), store.get(key(1)));
      assertTrue(
          keys(store, KeyRange.all()).contains(Arrays.toString(key(1))),
          "a live key is not listed");
    } finally {
      StoreFixture.delete(crashed);
    }
  }

  private void copySegments(Path to) throws IOException {
    Files.createDirectories(to.resolve("segments"));
    Files.createDirectories(to.resolve("wal"));
    Files.copy(directory.resolve("STORE"), to.resolve("STORE"));
    for (int id = 1; id <= 2; id++) {
      String name = "segments/000000000" + id + ".seg";
      Files.copy(directory.resolve(name), to.resolve(name));
    }
  }

  private static void copyKeyIndex(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private interface Damage {
    byte[] of(byte[] bytes);
  }

  private static byte[] flipped(byte[] bytes, int at) {
    if (bytes.length > 0) {
      bytes[Math.min(at, bytes.length - 1)] ^= (byte) 0x55;
    }
    return bytes;
  }

  /** One file after the other, as whole files and as bytes of them. */
  @Test
  void whateverIsDamagedInTheKeyIndexTheOrderIsRight() throws IOException {
    try (BlobStore store = open()) {
      Random random = new Random(3);
      for (int i = 0; i < 300; i++) {
        change(store, random);
      }
      assertOrder(store);
    }
    Path whole = directory.resolveSibling(directory.getFileName() + "-whole");
    copyKeyIndex(keyIndex, whole);
    List<Damage> damages =
        List.of(
            bytes -> Arrays.copyOf(bytes, bytes.length / 2),
            bytes -> value(1, bytes.length),
            bytes -> flipped(bytes, bytes.length / 2),
            bytes -> flipped(bytes, bytes.length - 10));
    List<Path> files;
    try (Stream<Path> list = Files.list(whole)) {
      files = list.filter(file -> !file.endsWith("LOCK") && !file.endsWith("LOG")).toList();
    }
    for (Path file : files) {
      for (Damage damage : damages) {
        StoreFixture.delete(keyIndex);
        copyKeyIndex(whole, keyIndex);
        Path damaged = keyIndex.resolve(file.getFileName());
        Files.write(damaged, damage.of(Files.readAllBytes(damaged)));
        try (BlobStore store = open()) {
          assertEquals(modelKeys(KeyRange.all()), keys(store, KeyRange.all()));
          store.put(key("more"), value(1, 10));
          assertTrue(store.delete(key("more")));
          assertNull(store.stats().failure());
        }
      }
    }
    StoreFixture.delete(whole);
  }

  @Test
  void keysAreListedThoughThereCanBeNoKeyIndexOnDisk() throws IOException {
    try (BlobStore store = open()) {
      putAll(store, 0, 10, 10);
    }
    Files.writeString(keyIndex, "not a directory");
    try (BlobStore store = open()) {
      assertEquals(10, keys(store, KeyRange.all()).size());
      putAll(store, 10, 50, 9_000);
      StoreFixture.assertAll(store, 10, 50, 9_000);
      assertEquals(50, keys(store, KeyRange.all()).size());
      assertTrue(store.stats().keyIndexBytes() > 0);
      assertNull(store.stats().failure());
    }
    assertEquals("not a directory", Files.readString(keyIndex));
  }

  @Test
  void aDeletedKeyIsNotListedWhateverTheKeyIndexHolds() {
    try (BlobStore store = open()) {
      putAll(store, 0, 40, 9_000);
      assertEquals(40, keys(store, KeyRange.all()).size());
      for (int i = 0; i < 40; i += 2) {
        assertTrue(store.delete(key(i)));
      }
      assertEquals(20, keys(store, KeyRange.all()).size());
      putAll(store, 100, 140, 9_000);
      assertEquals(60, keys(store, KeyRange.all()).size());
    }
    try (BlobStore store = open()) {
      assertEquals(60, keys(store, KeyRange.all()).size());
      assertEquals(20, keys(store, KeyRange.between(key(0), key(40))).size());
      store.put(key(0), value(0, 10));
      assertEquals(21, keys(store, KeyRange.between(key(0), key(40))).size());
    }
  }

  @Test
  void aCursorIsAtNoKeyBeforeTheFirstAndBehindTheLast() {
    try (BlobStore store = open()) {
      putAll(store, 0, 2, 10);
      try (KeyCursor cursor = store.keys(KeyRange.all())) {
        assertThrows(IllegalStateException.class, cursor::key);
        assertTrue(cursor.next());
        assertArrayEquals(key(0), cursor.key());
        cursor.key()[3] = 9;
        assertArrayEquals(key(0), cursor.key(), "a copy is handed out");
        assertTrue(cursor.next());
        assertArrayEquals(key(1), cursor.key());
        for (int i = 0; i < 3; i++) {
          assertFalse(cursor.next());
          assertThrows(IllegalStateException.class, cursor::key);
        }
      }
    }
  }

  @Test
  void aClosedCursorThrowsAndOneWhoseStoreIsClosedDoesToo() {
    BlobStore store = open();
    putAll(store, 0, 30, 9_000);
    KeyCursor closed = store.keys(KeyRange.all());
    KeyCursor atStart = store.keys(KeyRange.all());
    KeyCursor inTheMiddle = store.keys(KeyRange.all());
    KeyCursor atEnd = store.keys(KeyRange.all());
    assertTrue(closed.next());
    assertTrue(inTheMiddle.next());
    while (atEnd.next()) {
      // to the end
    }
    closed.close();
    closed.close();
    assertThrows(StoreClosedException.class, closed::next);
    store.close();
    for (KeyCursor cursor : List.of(atStart, inTheMiddle, atEnd)) {
      assertThrows(StoreClosedException.class, cursor::next);
      cursor.close();
    }
  }

  @Test
  void whatIsPutAfterACursorWasMadeNeverHidesWhatWasThere() {
    try (BlobStore store = open()) {
      for (int i = 0; i < 200; i += 2) {
        store.put(key(i), value(i, 1_000));
      }
      try (KeyCursor cursor = store.keys(KeyRange.all())) {
        putAll(store, 0, 200, 2_000); // overwrites all, rotates several times
        store.sync();
        TreeSet<String> seen = new TreeSet<>();
        byte[] last = {};
        while (cursor.next()) {
          assertTrue(Arrays.compareUnsigned(last, cursor.key()) < 0);
          last = cursor.key();
          seen.add(Arrays.toString(last));
        }
        for (int i = 0; i < 200; i += 2) {
          assertTrue(seen.contains(Arrays.toString(key(i))));
        }
      }
    }
  }

  /** Keys with even numbers are there throughout; those with odd ones come and go. */
  @Test
  void whileOthersComeAndGoEveryLastingKeyIsSeenOnceInOrder() {
    AtomicBoolean done = new AtomicBoolean();
    try (BlobStore store = open()) {
      for (int i = 0; i < 300; i += 2) {
        store.put(key(i), value(i, 300));
      }
      List<CompletableFuture<Void>> writers = new ArrayList<>();
      for (int w = 0; w < 2; w++) {
        Random random = new Random(w);
        writers.add(
            CompletableFuture.runAsync(
                () -> {
                  while (!done.get()) {
                    int number = random.nextInt(300);
                    if (number % 2 == 1 && random.nextBoolean()) {
                      store.delete(key(number));
                    } else {
                      store.put(key(number), value(number, 500));
                    }
                  }
                }));
      }
      try {
        for (int pass = 0; pass < 25; pass++) {
          List<String> lasting = new ArrayList<>();
          byte[] last = {};
          try (KeyCursor cursor = store.keys(KeyRange.all())) {
            while (cursor.next()) {
              byte[] key = cursor.key();
              assertTrue(Arrays.compareUnsigned(last, key) < 0, "in order, each once");
              last = key;
              if (key[3] % 2 == 0) {
                lasting.add(Arrays.toString(key));
              }
            }
          }
          assertEquals(150, lasting.size(), "pass " + pass);
        }
      } finally {
        done.set(true);
        writers.forEach(CompletableFuture::join);
      }
    }
  }
}
