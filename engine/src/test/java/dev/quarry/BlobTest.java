package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SimulatedDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A value in place, for as long as its blob is open, and what happens afterwards. */
class BlobTest {

  private static final byte[] KEY = key(1);

  @TempDir Path directory;

  private BlobStore open(StoreMode mode) {
    return BlobStore.open(directory, StoreFixture.options(mode));
  }

  private static Blob view(BlobStore store, byte[] key) {
    Blob blob = store.view(key);
    assertNotNull(blob);
    return blob;
  }

  private static void assertShows(byte[] expected, Blob blob) {
    assertEquals(expected.length, blob.size());
    assertEquals(ByteBuffer.wrap(expected), blob.buffer());
  }

  /** Writes several times as much as all slabs hold, so that each is flushed and used again. */
  private static void recycleAllSlabs(BlobStore store) {
    putAll(store, 1_000, 1_012, 25_000);
    store.sync();
  }

  @ParameterizedTest
  @EnumSource
  void aValueStaysAsItIsWhateverHappensToItsKeyAndItsStore(StoreMode mode) {
    for (int length : new int[] {0, 1, 5_000, 100_000}) {
      byte[] expected = value(1, length);
      List<Blob> blobs = new ArrayList<>();
      try (BlobStore store = open(mode)) {
        store.put(KEY, expected);
        blobs.add(view(store, KEY)); // of a slab, unless it is too large
        store.put(KEY, value(2, 20_000));
        recycleAllSlabs(store);
        blobs.forEach(blob -> assertShows(expected, blob));
        store.put(KEY, expected);
        recycleAllSlabs(store);
        blobs.add(view(store, KEY)); // of a file
        assertTrue(store.delete(KEY));
        recycleAllSlabs(store);
        assertNull(store.get(KEY));
        blobs.forEach(blob -> assertShows(expected, blob));
        store.put(KEY, expected);
        blobs.add(view(store, KEY));
      }
      blobs.forEach(blob -> assertShows(expected, blob));
      try (BlobStore store = open(mode)) {
        recycleAllSlabs(store);
        blobs.forEach(blob -> assertShows(expected, blob));
      }
      blobs.forEach(Blob::close);
    }
  }

  @Test
  void useAfterCloseThrowsAndClosingTwiceDoesNot() {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, value(1, 100));
      Blob blob = view(store, KEY);
      Blob other = view(store, KEY);
      blob.close();
      blob.close();
      assertThrows(StoreClosedException.class, blob::size);
      assertThrows(StoreClosedException.class, blob::buffer);
      assertThrows(StoreClosedException.class, () -> blob.writeTo(new Dripping(1)));
      assertShows(value(1, 100), other);
      other.close();
      assertArrayEquals(value(1, 100), store.get(KEY));
    }
  }

  @Test
  void itsBuffersAreReadOnlyAndIndependent() {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, value(1, 100));
      try (Blob blob = view(store, KEY)) {
        ByteBuffer first = blob.buffer();
        assertTrue(first.isReadOnly());
        assertEquals(0, first.position());
        assertEquals(100, first.remaining());
        assertEquals(100, first.capacity(), "nothing of its neighbours can be seen");
        first.position(50).limit(60);
        assertShows(value(1, 100), blob);
      }
    }
  }

  /** What it shows is undefined; that the machine goes on is not. */
  @ParameterizedTest
  @EnumSource
  void aBufferKeptTooLongNeverBringsTheMachineDown(StoreMode mode) {
    List<ByteBuffer> kept = new ArrayList<>();
    try (BlobStore store = open(mode)) {
      putAll(store, 0, 30, 5_000);
      store.put(key(30), value(30, 3_000_000));
      for (int i = 0; i <= 30; i++) {
        try (Blob blob = view(store, key(i))) {
          kept.add(blob.buffer());
        }
      }
      recycleAllSlabs(store);
      for (int i = 0; i <= 30; i++) {
        try (Blob blob = view(store, key(i))) {
          kept.add(blob.buffer());
        }
      }
    }
    System.gc();
    int sum = 0;
    for (ByteBuffer buffer : kept) {
      for (int i = 0; i < buffer.limit(); i++) {
        sum += buffer.get(i);
      }
    }
    assertNotNull(sum);
  }

  @ParameterizedTest
  @EnumSource
  void blobsLeftOpenInEverySlabBlockNoWriterAndTheirMemoryComesBack(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(1);
    BlobStoreOptions options = StoreFixture.options(mode);
    long slab = options.segmentBytes();
    List<Blob> blobs = new ArrayList<>();
    try (BlobStore store = StoreFixture.open(disk, options)) {
      for (int i = 0; i < 100; i++) {
        store.put(key(i), value(i, 20_000));
        blobs.add(view(store, key(i)));
      }
      for (int i = 0; i < 100; i++) {
        assertShows(value(i, 20_000), blobs.get(i));
      }
      long held = store.stats().slabBytes();
      assertTrue(held > 20 * slab, () -> "blobs hold on to " + held);
      blobs.forEach(Blob::close);
      assertTrue(store.stats().slabBytes() <= options.slabs() * slab);
      putAll(store, 100, 200, 20_000);
      assertTrue(store.stats().slabBytes() <= options.slabs() * slab);
      StoreFixture.assertAll(store, 0, 200, 20_000);
    }
  }

  /** A channel that takes a few bytes at a time. */
  private static final class Dripping implements WritableByteChannel {

    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final int most;
    private boolean closed;

    Dripping(int most) {
      this.most = most;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      if (closed) {
        throw new ClosedChannelException();
      }
      byte[] bytes = new byte[Math.min(1 + taken.size() % most, source.remaining())];
      source.get(bytes);
      taken.writeBytes(bytes);
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return !closed;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void aChannelThatTakesPartOfItGetsAllOfItInTheEnd() throws IOException {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      for (int length : new int[] {0, 1, 1_000, 100_000}) {
        store.put(KEY, value(1, length));
        try (Blob blob = view(store, KEY)) {
          Dripping channel = new Dripping(37);
          assertEquals(length, blob.writeTo(channel));
          assertArrayEquals(value(1, length), channel.taken.toByteArray());
          channel.close();
          if (length > 0) {
            assertThrows(ClosedChannelException.class, () -> blob.writeTo(channel));
          }
          assertShows(value(1, length), blob);
        }
      }
    }
  }

  @Test
  void itIsWrittenToAFile() throws IOException {
    Path file = directory.resolveSibling(directory.getFileName() + ".out");
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(KEY, value(1, 300_000));
      try (Blob blob = view(store, KEY);
          FileChannel channel =
              FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        assertEquals(300_000, blob.writeTo(channel));
      }
    }
    assertArrayEquals(value(1, 300_000), Files.readAllBytes(file));
    Files.delete(file);
  }
}
