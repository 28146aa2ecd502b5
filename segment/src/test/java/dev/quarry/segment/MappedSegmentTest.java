package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.PATH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MappedSegmentTest {

  private static final Path FILE = Path.of("/a.seg");

  private final SimulatedDisk disk = new SimulatedDisk();

  @BeforeEach
  void writeFile() throws IOException {
    Blocks.write(disk, FILE, 1, 2);
  }

  private boolean isUnmapped() {
    return disk.openHandles().isEmpty();
  }

  @Test
  void showsTheWholeFile() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, FILE);
    assertEquals(2 * Disk.BLOCK, segment.size());
    assertEquals(2 * Disk.BLOCK, segment.head().limit());
    assertSame(ByteOrder.LITTLE_ENDIAN, segment.head().order());
    assertEquals(0x02020101, segment.head().getInt(Disk.BLOCK - 2));
  }

  @Test
  void partsAreViewedOrCopied() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, FILE);
    ByteBuffer slice = segment.slice(Disk.BLOCK - 1, 3);
    assertEquals(3, slice.remaining());
    assertEquals(0, slice.position());
    assertTrue(slice.isReadOnly());
    byte[] array = new byte[2];
    segment.copyTo(array, Disk.BLOCK - 1);
    assertArrayEquals(new byte[] {1, 2}, array);
    ByteBuffer destination = ByteBuffer.allocate(5).position(1);
    segment.copyTo(destination, Disk.BLOCK - 1, 3);
    assertEquals(4, destination.position());
    assertArrayEquals(new byte[] {0, 1, 2, 2, 0}, destination.array());
  }

  @Test
  void isUnmappedAtOnceWhenNobodyReads() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, FILE);
    assertFalse(isUnmapped());
    segment.retire();
    assertTrue(isUnmapped());
    assertFalse(segment.tryPin());
  }

  @Test
  void isUnmappedWhenTheLastReaderHasGone() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, FILE);
    assertTrue(segment.tryPin());
    assertTrue(segment.tryPin());
    assertTrue(segment.isPinned());
    segment.retire();
    assertFalse(segment.tryPin());
    assertFalse(isUnmapped());
    segment.unpin();
    assertTrue(segment.isPinned());
    assertEquals(1, segment.head().get(0));
    segment.unpin();
    assertFalse(segment.isPinned());
    assertTrue(isUnmapped());
  }

  @Test
  void aRetiredOneIsPinnedOnlyBesideAReader() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, FILE);
    assertFalse(segment.tryPinBeside());
    assertTrue(segment.tryPin());
    segment.retire();
    assertTrue(segment.tryPinBeside());
    segment.unpin();
    assertFalse(isUnmapped());
    segment.unpin();
    assertTrue(isUnmapped());
    assertFalse(segment.tryPinBeside());
  }

  @Test
  void isRetiredOnlyOnce() {
    AtomicInteger releases = new AtomicInteger();
    Slab slab =
        new Slab(
            DirectMemory.allocate(4096).buffer(),
            TestSegments.HEADER,
            m -> releases.getAndIncrement());
    assertTrue(slab.tryPin());
    slab.retire();
    slab.retire();
    slab.unpin();
    assertEquals(1, releases.get());
    slab.retire();
    assertFalse(slab.tryPin());
    assertEquals(1, releases.get());
  }

  @Test
  void whatWasLentIsLeftToTheGarbageCollector() throws IOException {
    MappedSegment segment = MappedSegment.map(disk, FILE);
    assertTrue(segment.tryPin());
    ByteBuffer lent = segment.slice(0, 10);
    segment.lend();
    segment.lend();
    segment.retire();
    segment.unpin();
    assertFalse(isUnmapped());
    assertEquals(1, lent.get(9));
  }

  /** A reader that holds a pin never sees a mapping that is gone, which is filled with garbage. */
  @Test
  void noReaderSeesAMappingThatIsGone() throws Exception {
    int readers = 3;
    ExecutorService pool = Executors.newFixedThreadPool(readers);
    try {
      for (int round = 0; round < 100; round++) {
        MappedSegment segment = MappedSegment.map(disk, FILE);
        CountDownLatch start = new CountDownLatch(readers);
        List<Future<Integer>> results =
            IntStream.range(0, readers)
                .mapToObj(reader -> pool.submit(() -> readUntilRetired(segment, start)))
                .toList();
        start.await();
        Thread.onSpinWait();
        segment.retire();
        for (Future<Integer> result : results) {
          assertEquals(0, result.get(), "wrong bytes");
        }
        assertTrue(isUnmapped(), "still mapped when every reader had gone");
      }
    } finally {
      pool.shutdown();
    }
  }

  private static int readUntilRetired(MappedSegment segment, CountDownLatch start) {
    int wrong = 0;
    start.countDown();
    while (segment.tryPin()) {
      if (segment.head().getInt(100) != 0x01010101 || segment.slice(5000, 1).get(0) != 2) {
        wrong++;
      }
      segment.unpin();
    }
    return wrong;
  }

  @Test
  void manyThreadsReleaseOnce() throws Exception {
    int threads = 3;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 1_000; round++) {
        AtomicInteger releases = new AtomicInteger();
        SegmentBytes bytes = new CountingBytes(releases);
        CyclicBarrier start = new CyclicBarrier(threads);
        List<Future<?>> done =
            IntStream.range(0, threads)
                .<Future<?>>mapToObj(
                    thread -> pool.submit(() -> pinAndRetire(bytes, start, thread % 2 == 0)))
                .toList();
        for (Future<?> future : done) {
          future.get();
        }
        assertEquals(1, releases.get(), "round " + round);
        assertFalse(bytes.isPinned());
      }
    } finally {
      pool.shutdown();
    }
  }

  private static @Nullable Void pinAndRetire(
      SegmentBytes bytes, CyclicBarrier start, boolean retires) throws Exception {
    start.await();
    for (int i = 0; i < 3; i++) {
      if (bytes.tryPin()) {
        bytes.unpin();
      }
    }
    if (retires) {
      bytes.retire();
    }
    return null;
  }

  private static final class CountingBytes extends SegmentBytes {

    private final AtomicInteger releases;

    CountingBytes(AtomicInteger releases) {
      super(ByteBuffer.allocate(8));
      this.releases = releases;
    }

    @Override
    public long size() {
      return 8;
    }

    @Override
    protected void release() {
      releases.getAndIncrement();
    }
  }

  @Test
  void aPayloadIsCheckedWhole() throws IOException {
    Slab slab = TestSegments.slab(Disk.BLOCK);
    int put = TestSegments.put(slab, "key", "value");
    int empty = TestSegments.put(slab, "key", "");
    int tombstone = TestSegments.tombstone(slab, "key");
    assertTrue(slab.isPayloadIntact(put));
    assertTrue(slab.isPayloadIntact(empty));
    assertTrue(slab.isPayloadIntact(tombstone));
    byte[] image = TestSegments.image(slab, Disk.BLOCK);
    for (int at = put + 24; at < put + 32; at++) {
      assertFalse(TestSegments.map(TestSegments.damaged(image, at)).isPayloadIntact(put));
    }
    assertFalse(
        TestSegments.map(TestSegments.damaged(image, tombstone + 26)).isPayloadIntact(tombstone));
  }

  @Test
  void anEmptyFileCannotBeMapped() {
    OneFileDisk empty = new OneFileDisk(new byte[0]);
    assertEquals(0, empty.size(PATH));
    SimulatedDisk simulated = new SimulatedDisk();
    assertThrows(
        RuntimeException.class,
        () -> {
          simulated.create(FILE).close();
          MappedSegment.map(simulated, FILE);
        });
  }
}
