package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.ForwardingDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A closed store has given back its direct memory, with no help of the garbage collector. Index and
 * bloom filter are left to the collector, so what they took is counted.
 */
class ReleasedMemoryTest {

  private static final int SEGMENT_BYTES = 1 << 20;
  private static final int ROUNDS = 60;

  @TempDir Path directory;

  /** Bytes of indexes and filters that the garbage collector may not have come to yet. */
  private long left;

  private static long directMemory() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getTotalCapacity)
        .sum();
  }

  /** Has the JDK make the buffer that it keeps for each thread that reads into the heap. */
  @BeforeEach
  void useFilesOnce() {
    try (BlobStore store = open(StoreMode.DURABLE)) {
      store.put(key(0), new byte[10]);
    }
    open(StoreMode.DURABLE).close();
    left = 0;
  }

  private static byte[] key(int number) {
    return ("key " + number).getBytes(StandardCharsets.US_ASCII);
  }

  private static BlobStoreOptions options(StoreMode mode) {
    return TestStores.small(mode).toBuilder().segmentBytes(SEGMENT_BYTES).slabs(4).build();
  }

  private BlobStore open(StoreMode mode) {
    return open(mode, options(mode));
  }

  private BlobStore open(StoreMode mode, BlobStoreOptions options) {
    return BlobStore.open(directory.resolve(mode.name()), options);
  }

  private void note(BlobStore store) {
    StoreStats stats = store.stats();
    left += stats.indexBytes() + 2 * stats.bloomBytes();
  }

  private void assertGivenBack(long before) {
    long more = directMemory() - before;
    assertTrue(more <= left, () -> more + " bytes more than before, of which " + left + " are due");
  }

  @ParameterizedTest
  @EnumSource
  void aStoreThatIsOpenedAndClosedManyTimesLeavesNothing(StoreMode mode) throws IOException {
    open(mode).close();
    long before = directMemory();
    for (int i = 0; i < ROUNDS; i++) {
      try (BlobStore store = open(mode)) {
        store.put(key(i), new byte[1000]);
        assertNotNull(store.get(key(i)));
        try (Blob blob = store.view(key(i))) {
          assertEquals(1000, blob.size());
          assertEquals(1000, blob.writeTo(Channels.newChannel(new ByteArrayOutputStream())));
        }
        note(store);
      }
    }
    assertGivenBack(before);
  }

  @ParameterizedTest
  @EnumSource
  void slabsBuffersAndCompactionsLeaveNothing(StoreMode mode) {
    BlobStoreOptions options =
        options(mode).toBuilder()
            .maxGarbageShare(0.05)
            .checkpointInterval(Duration.ZERO)
            .checkpointEntries(1)
            .build();
    long before = directMemory();
    for (int round = 0; round < 5; round++) {
      try (BlobStore store = open(mode, options)) {
        for (int i = 0; i < 200; i++) {
          store.put(key(i % 20), new byte[50_000]);
        }
        store.put(key(1), new byte[3 * SEGMENT_BYTES]);
        try (KeyCursor keys = store.keys(KeyRange.all())) {
          assertTrue(keys.next());
        }
        assertTrue(store.stats().slabBytes() > SEGMENT_BYTES);
        note(store);
      }
    }
    assertGivenBack(before);
  }

  @ParameterizedTest
  @EnumSource
  void anOpeningThatFailsLeavesNothing(StoreMode mode) {
    open(mode).close();
    Disk failing =
        new ForwardingDisk(new FileSystemDisk()) {
          @Override
          public DiskFile create(Path file) throws IOException {
            throw new IOException("as the test has it");
          }
        };
    Environment lateFailure =
        new Environment(
            new FileSystemDisk(),
            dev.quarry.segment.Xxh3KeyHash::new,
            () -> {
              throw new IllegalStateException("no threads, as the test has it");
            });
    long before = directMemory();
    for (int i = 0; i < 20; i++) {
      Path fresh = directory.resolve("fresh " + i);
      assertThrows(
          StoreFailedException.class,
          () -> BlobStore.open(fresh, options(mode), TestStores.threaded(failing)));
      assertThrows(
          IllegalStateException.class,
          () -> BlobStore.open(directory.resolve(mode.name()), options(mode), lateFailure));
    }
    left = SEGMENT_BYTES / 2; // nothing is known of their indexes, which are empty
    assertGivenBack(before);
  }

  @ParameterizedTest
  @EnumSource
  void whatABlobHoldsGoesWithIt(StoreMode mode) {
    open(mode).close();
    long before = directMemory();
    Blob held;
    try (BlobStore store = open(mode)) {
      store.put(key(1), new byte[1000]);
      held = store.view(key(1));
      assertNotNull(held);
      note(store);
    }
    assertEquals(1000, held.size());
    long holding = directMemory() - before;
    assertTrue(holding >= SEGMENT_BYTES, "the blob holds its slab");
    held.close();
    assertGivenBack(before);
  }

  /** To free it would end the JVM. */
  @ParameterizedTest
  @EnumSource
  void aBufferThatACallerKeepsOutlivesTheStore(StoreMode mode) {
    byte[] value = new byte[1000];
    value[999] = 7;
    ByteBuffer kept;
    try (BlobStore store = open(mode)) {
      store.put(key(1), value);
      try (Blob blob = store.view(key(1))) {
        kept = blob.buffer();
      }
    }
    byte[] seen = new byte[1000];
    kept.get(0, seen);
    assertArrayEquals(value, seen);
  }

  /** A slab's memory is used for others later, which does not take the buffer away. */
  @Test
  void aBufferOverASlabThatWasUsedAgainOutlivesTheStore() {
    ByteBuffer kept;
    try (BlobStore store = open(StoreMode.CACHE)) {
      store.put(key(0), new byte[1000]);
      try (Blob blob = store.view(key(0))) {
        kept = blob.buffer();
      }
      for (int i = 1; i < 200; i++) {
        store.put(key(i), new byte[50_000]);
      }
    }
    for (int i = 0; i < kept.limit(); i++) {
      kept.get(i);
    }
    assertEquals(1000, kept.limit());
  }
}
