package dev.quarry;

import static dev.quarry.StoreFixture.LARGEST_IN_SLAB;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Values that come from files and streams. */
class StreamPutTest {

  /** Below and above what is taken into memory, what fits a slab, and the staging buffer. */
  private static final int[] LENGTHS = {
    0, 1, 5_000, 18_431, 18_432, 18_433, LARGEST_IN_SLAB, LARGEST_IN_SLAB + 1, 150_000, 1_200_000
  };

  private static final byte[] KEY = key(1);
  private static final byte[] OLD = value(9, 700);

  @TempDir Path directory;
  private final SimulatedDisk disk = new SimulatedDisk(1);

  private BlobStore open(StoreMode mode) {
    return StoreFixture.open(disk, StoreFixture.options(mode));
  }

  /** A stream that gives some bytes, a few at a time, and then does something else. */
  private static class Drop extends InputStream {

    private final byte[] bytes;
    private final int most;
    private int at;

    Drop(byte[] bytes, int most) {
      this.bytes = bytes;
      this.most = most;
    }

    @Override
    public int read() throws IOException {
      return at == bytes.length ? end() : bytes[at++] & 0xFF;
    }

    @Override
    public int read(byte[] destination, int offset, int length) throws IOException {
      if (at == bytes.length) {
        return end();
      }
      int chunk = Math.min(Math.min(length, most), bytes.length - at);
      System.arraycopy(bytes, at, destination, offset, chunk);
      at += chunk;
      return chunk;
    }

    int end() throws IOException {
      return -1;
    }
  }

  @ParameterizedTest
  @EnumSource
  void valuesOfAllLengthsComeBack(StoreMode mode) throws IOException {
    Path file = directory.resolve("file");
    for (int length : LENGTHS) {
      byte[] value = value(1, length);
      Files.write(file, value);
      try (BlobStore store = open(mode)) {
        store.put(key(1), file);
        store.put(key(2), new ByteArrayInputStream(value));
        store.put(key(3), new Drop(value, 777));
        for (int i = 1; i <= 3; i++) {
          assertArrayEquals(value, store.get(key(i)));
        }
      }
      try (BlobStore store = open(mode)) {
        for (int i = 1; i <= 3; i++) {
          assertArrayEquals(value, store.get(key(i)));
        }
        assertEquals(3, store.stats().keys());
        StoreInvariants.check(store, disk, ROOT);
      }
    }
  }

  @Test
  void whatIsPutIsCounted() throws IOException {
    Path file = Files.write(directory.resolve("file"), new byte[10]);
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, file);
      store.put(KEY, new ByteArrayInputStream(new byte[200_000]));
      assertEquals(2, store.stats().puts());
      assertEquals(2 * KEY.length + 200_010, store.stats().bytesPut());
    }
  }

  @Test
  void aLongStreamIsWrittenOnce() throws IOException {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      long before = store.stats().bytesWritten();
      store.put(KEY, new ByteArrayInputStream(new byte[5_000_000]));
      long written = store.stats().bytesWritten() - before;
      assertTrue(written < 5_000_000 * 1.02, () -> written + " bytes were written");
    }
  }

  // ---- sources that fail ----

  private void assertNothingHappened(BlobStore store) throws IOException {
    assertArrayEquals(OLD, store.get(KEY));
    assertNull(store.stats().failure());
    assertEquals(List.of(), temporaries());
    assertEquals(1, store.stats().keys());
    store.put(key(2), value(2, 100_000));
    store.put(key(2), value(2, 10));
    assertTrue(store.delete(key(2)));
    store.sync();
  }

  private List<String> temporaries() throws IOException {
    return disk.list(ROOT.resolve("segments")).stream()
        .filter(name -> name.endsWith(".tmp"))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void aStreamThatThrowsAtAnyReadLeavesNothing(StoreMode mode) throws IOException {
    List<Throwable> failures =
        List.of(
            new IOException("broken"), new IllegalStateException("odd"), new OutOfMemoryError("x"));
    try (BlobStore store = open(mode)) {
      store.put(KEY, OLD);
      for (int length : LENGTHS) {
        for (Throwable failure : failures) {
          Drop stream =
              new Drop(value(1, length), 10_000) {
                @Override
                int end() throws IOException {
                  if (failure instanceof IOException e) {
                    throw e;
                  }
                  if (failure instanceof RuntimeException e) {
                    throw e;
                  }
                  throw (Error) failure;
                }
              };
          Throwable thrown = assertThrows(Throwable.class, () -> store.put(KEY, stream));
          boolean lack = failure instanceof OutOfMemoryError;
          assertEquals(lack, thrown instanceof ResourceExhaustedException);
          assertSame(failure, lack ? thrown.getCause() : thrown);
          assertNothingHappened(store);
        }
      }
      StoreInvariants.check(store, disk, ROOT);
    }
    assertEquals(List.of(), List.copyOf(disk.openHandles()));
  }

  @Test
  void aStreamThatReadsNothingIsAskedForAByte() throws IOException {
    byte[] value = value(1, 100_000);
    InputStream lazy =
        new Drop(value, 500) {
          private int calls;

          @Override
          public int read(byte[] destination, int offset, int length) throws IOException {
            return ++calls % 2 == 0 ? super.read(destination, offset, length) : 0;
          }
        };
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, lazy);
      assertArrayEquals(value, store.get(KEY));
    }
  }

  @Test
  void aStreamThatLiesAboutWhatItReadIsRefused() throws IOException {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, OLD);
      for (int lie : new int[] {-2, Integer.MIN_VALUE, 1 << 20, Integer.MAX_VALUE}) {
        for (int before : new int[] {0, 100_000}) {
          InputStream liar =
              new Drop(value(1, before), 30_000) {
                @Override
                int end() {
                  return lie;
                }
              };
          IOException e = assertThrows(IOException.class, () -> store.put(KEY, liar));
          assertTrue(e.getMessage().contains("says that it read " + lie), e::getMessage);
          assertNothingHappened(store);
        }
      }
    }
  }

  /** It keeps the array that it read into, and goes on writing to it. */
  @Test
  void aStreamThatScribblesOverWhatItGaveIsStoredAsItWasRead() throws IOException {
    byte[] value = value(1, 300_000);
    List<byte[]> given = new ArrayList<>();
    InputStream scribbler =
        new Drop(value, 20_000) {
          @Override
          public int read(byte[] destination, int offset, int length) throws IOException {
            given.forEach(array -> Arrays.fill(array, (byte) 0));
            given.add(destination);
            return super.read(destination, offset, length);
          }
        };
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, scribbler);
      assertArrayEquals(value, store.get(KEY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStreamThatIsTooLongIsRefusedAsSoonAsItIsKnown(StoreMode mode) throws IOException {
    for (int limit : new int[] {0, 100, 18_432, 100_000}) {
      BlobStoreOptions options =
          StoreFixture.options(mode).toBuilder().maxValueBytes(limit).build();
      try (BlobStore store = StoreFixture.open(disk, options)) {
        store.put(KEY, new byte[0]);
        InputStream endless =
            new InputStream() {
              private long read;

              @Override
              public int read(byte[] bytes, int offset, int length) throws IOException {
                return super.read(bytes, offset, length);
              }

              @Override
              public int read() {
                read++;
                assertTrue(read < limit + 100_000, "more is read than is known to be too much");
                return 7;
              }
            };
        ValueTooLargeException e =
            assertThrows(ValueTooLargeException.class, () -> store.put(KEY, endless));
        assertEquals(limit, e.limit());
        assertArrayEquals(new byte[0], store.get(KEY));
        assertEquals(List.of(), temporaries());
        store.put(KEY, new ByteArrayInputStream(value(1, limit)));
        assertArrayEquals(value(1, limit), store.get(KEY));
        Path file = Files.write(directory.resolve("file"), new byte[limit + 1]);
        assertThrows(ValueTooLargeException.class, () -> store.put(KEY, file));
        store.delete(KEY);
      }
    }
  }

  @Test
  void aFileThatIsNoneIsRefusedByName() throws IOException {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, OLD);
      Path missing = directory.resolve("missing");
      assertThrows(NoSuchFileException.class, () -> store.put(KEY, missing));
      IOException e = assertThrows(IOException.class, () -> store.put(KEY, directory));
      assertTrue(e.getMessage().contains(directory.toString()), e::getMessage);
      assertNothingHappened(store);
    }
  }

  // ---- sources that are slow ----

  /** A stream that gives some bytes, and nothing more until a gate is open. */
  private static InputStream blocking(Gate gate, int length) {
    return new Drop(value(1, length), 60_000) {
      @Override
      int end() {
        gate.pass();
        return -1;
      }
    };
  }

  /** The keys that a cache has evicted. */
  private static final class EvictedKeys {

    private final Set<List<Long>> hashes = ConcurrentHashMap.newKeySet();
    private volatile KeyHash hasher = new Xxh3KeyHash(0);

    /** What the store stands on whose evictions are told. */
    TestBed bed(Disk disk) {
      return TestBed.threaded(disk)
          .hashing(seed -> hasher = new Xxh3KeyHash(seed))
          .observing((low, high) -> hashes.add(List.of(low, high)));
    }

    void forget(byte[] key) {
      hashes.remove(hash(key));
    }

    boolean contains(byte[] key) {
      return hashes.contains(hash(key));
    }

    private List<Long> hash(byte[] key) {
      long[] hash = new long[2];
      hasher.hash(key, hash);
      return List.of(hash[0], hash[1]);
    }
  }

  private static CompletableFuture<Void> putInBackground(BlobStore store, InputStream stream) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            store.put(KEY, stream);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        },
        task -> new Thread(task).start());
  }

  @ParameterizedTest
  @EnumSource
  void aStreamThatBlocksHoldsUpNobody(StoreMode mode) {
    for (int length : new int[] {10, 150_000, 1_500_000}) {
      BlobStoreOptions options = StoreFixture.options(mode);
      if (mode == StoreMode.CACHE) {
        options = options.toBuilder().maxBytes(60L * TestStores.SEGMENT_BYTES).build();
      }
      Gate gate = new Gate();
      EvictedKeys evicted = new EvictedKeys();
      byte[] found;
      try (BlobStore store = evicted.bed(new SimulatedDisk(length)).open(ROOT, options)) {
        CompletableFuture<Void> put = putInBackground(store, blocking(gate, length));
        gate.awaitArrival();
        store.put(KEY, OLD);
        for (int i = 0; i < 400; i++) { // many times what a cache holds
          store.put(key(10 + i % 100), value(i, 30_000));
        }
        store.sync();
        store.delete(KEY); // so that only the value that is to come can be evicted
        evicted.forget(KEY);
        gate.open();
        put.join();
        found = store.get(KEY);
        StoreInvariants.check(store);
      }
      if (found != null || !evicted.contains(KEY)) { // evictions are told by the time it is closed
        assertArrayEquals(value(1, length), found);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void closingDoesNotWaitForAStreamThatBlocks(StoreMode mode) throws IOException {
    for (int length : new int[] {10, 150_000, 1_500_000}) {
      Gate gate = new Gate();
      BlobStore store = BlobStore.open(ROOT, StoreFixture.options(mode), TestStores.threaded(disk));
      store.put(KEY, OLD);
      CompletableFuture<Void> put = putInBackground(store, blocking(gate, length));
      gate.awaitArrival();
      store.close();
      assertEquals(List.of(), temporaries());
      assertEquals(List.of(), List.copyOf(disk.openHandles()));
      try (BlobStore next = open(mode)) { // and nobody interferes with who comes next
        long calls = disk.ioCalls();
        gate.open();
        CompletionException e = assertThrows(CompletionException.class, put::join);
        assertInstanceOf(StoreClosedException.class, e.getCause());
        assertEquals(calls, disk.ioCalls());
        assertArrayEquals(OLD, next.get(KEY));
        next.put(KEY, new ByteArrayInputStream(value(3, 150_000)));
        assertArrayEquals(value(3, 150_000), next.get(KEY));
      }
    }
  }

  /** A stream may be a caller of the store itself. */
  @Test
  void aStreamMayUseTheStoreItIsPutInto() throws IOException {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      for (int length : new int[] {10, 150_000}) {
        InputStream user =
            new Drop(value(1, length), 40_000) {
              @Override
              int end() throws IOException {
                store.put(KEY, new ByteArrayInputStream(value(2, 120_000)));
                store.delete(KEY);
                return -1;
              }
            };
        store.put(KEY, user);
        assertArrayEquals(value(1, length), store.get(KEY));
      }
    }
  }

  // ---- room ----

  @Test
  void aCacheStaysWithinItsBoundWhileAStreamComes() throws IOException {
    long bound = 40L * TestStores.SEGMENT_BYTES;
    BlobStoreOptions options = StoreFixture.CACHE.toBuilder().maxBytes(bound).build();
    try (BlobStore store = StoreFixture.open(disk, options)) {
      StoreFixture.putAll(store, 10, 200, 20_000);
      Random random = new Random(4);
      for (int i = 0; i < 20; i++) {
        int length = 100_000 + random.nextInt(1_500_000);
        store.put(KEY, new ByteArrayInputStream(value(i, length)));
        assertArrayEquals(value(i, length), store.get(KEY));
        assertTrue(disk.usedSpace() <= bound + 100_000, () -> disk.usedSpace() + " bytes");
      }
      InputStream tooLong = new ByteArrayInputStream(new byte[(int) bound]);
      assertThrows(StoreFullException.class, () -> store.put(key(2), tooLong));
      assertNull(store.get(key(2)));
      assertEquals(List.of(), temporaries());
      store.put(KEY, OLD);
      assertArrayEquals(OLD, store.get(KEY));
    }
  }

  @Test
  void aStreamThatFillsTheDiskIsRefusedAndLeavesNothing() throws IOException {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, OLD);
      long before = disk.usedSpace();
      for (long room = 0; room < 1_300_000; room += 90_000) {
        disk.capacity(before + room);
        InputStream stream = new ByteArrayInputStream(new byte[1_300_000]);
        assertThrows(StoreFullException.class, () -> store.put(KEY, stream));
        assertEquals(before, disk.usedSpace());
        assertArrayEquals(OLD, store.get(KEY));
        disk.capacity(Long.MAX_VALUE);
      }
      assertNothingHappened(store);
    }
  }
}
