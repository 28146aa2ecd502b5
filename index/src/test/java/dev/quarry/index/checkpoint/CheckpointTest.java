package dev.quarry.index.checkpoint;

import static dev.quarry.index.checkpoint.TestCheckpoints.LAYOUT;
import static dev.quarry.index.checkpoint.TestCheckpoints.STORE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStoreException;
import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.index.Location;
import dev.quarry.index.checkpoint.TestCheckpoints.Content;
import dev.quarry.segment.Checksum;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.OneFileDisk;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** A checkpoint is read as it was written, or not at all. */
class CheckpointTest {

  private static final Content SMALL = TestCheckpoints.random(1, 2, 9, 5);
  private static final Content LARGE = TestCheckpoints.random(2, 300, 70_000, 100_000);
  private static final Content OTHER = TestCheckpoints.random(3, 300, 70_000, 100_000);

  @Property(tries = 200)
  void whatIsWrittenIsRead(
      @ForAll long seed,
      @ForAll @IntRange(max = 50) int covered,
      @ForAll @IntRange(max = 5000) int blob,
      @ForAll @IntRange(max = 3000) int entries)
      throws IOException {
    Content content = TestCheckpoints.random(seed, covered, blob, entries);
    assertEquals(content, TestCheckpoints.read(new OneFileDisk(TestCheckpoints.image(content))));
  }

  /** The trailer fits behind the last entry, ends a block or a chunk, or needs a chunk more. */
  @Test
  void contentOfEveryLengthAroundAChunkIsRead() throws IOException {
    for (int blob = CheckpointFormat.PAYLOAD - 150; blob < CheckpointFormat.PAYLOAD; blob++) {
      Content content = TestCheckpoints.random(blob, 0, blob, 1);
      assertEquals(content, TestCheckpoints.read(new OneFileDisk(TestCheckpoints.image(content))));
    }
  }

  @Test
  void manyChunksAreRead() throws IOException {
    SimulatedDisk disk = TestCheckpoints.disk(0);
    long length = TestCheckpoints.write(disk, LARGE);
    assertEquals(LARGE, TestCheckpoints.read(disk));
    assertEquals(disk.size(LAYOUT.checkpoint()), length);
    assertTrue(length > 2 * CheckpointFormat.CHUNK, () -> "length " + length);
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void thereMayBeNone() throws IOException {
    assertNull(Checkpoint.open(TestCheckpoints.disk(0), LAYOUT, STORE));
  }

  @Test
  void lengthsBeyondTwoGibibytesAreExact() {
    long end = CheckpointFormat.entriesStart(0, 0) + 400_000_000L * CheckpointFormat.ENTRY_LENGTH;
    long length = CheckpointFormat.fileLength(end);
    assertEquals(0, length % 4096);
    assertTrue(length > end && length < end + end / 200_000 + 8192, () -> "length " + length);
    assertTrue(CheckpointFormat.inFile(end) <= length - CheckpointFormat.TRAILER_LENGTH);
  }

  private static void assertRefused(byte[] image, String what) {
    OneFileDisk disk = new OneFileDisk(image);
    assertThrows(
        BlobStoreException.class,
        () -> Checkpoint.open(disk, LAYOUT, STORE),
        () -> "accepted: " + what);
    disk.assertNothingOpen();
  }

  @Test
  void everyFlippedBitIsNoticedBeforeAnEntryIsGiven() throws IOException {
    byte[] image = TestCheckpoints.image(SMALL);
    assertEquals(4096, image.length);
    for (int bit = 0; bit < image.length * 8; bit++) {
      image[bit / 8] ^= (byte) (1 << bit % 8);
      assertRefused(image, "bit " + bit);
      image[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] small = TestCheckpoints.image(SMALL);
    for (int length = 0; length < small.length; length++) {
      assertRefused(Arrays.copyOf(small, length), "length " + length);
    }
    byte[] large = TestCheckpoints.image(LARGE);
    for (int length = 0; length < large.length; length += 4096) {
      assertRefused(Arrays.copyOf(large, length), "length " + length);
    }
  }

  @Test
  void whatIsAppendedIsNoticed() throws IOException {
    byte[] large = TestCheckpoints.image(LARGE);
    for (int more : new int[] {1, 512, 4096, CheckpointFormat.CHUNK, 2 * CheckpointFormat.CHUNK}) {
      assertRefused(Arrays.copyOf(large, large.length + more), more + " zeros more");
      byte[] twice = Arrays.copyOf(large, large.length + more);
      System.arraycopy(large, 0, twice, large.length, Math.min(more, large.length));
      assertRefused(twice, more + " bytes of itself more");
    }
  }

  @Test
  void twoCheckpointsInOneAreNoticed() throws IOException {
    byte[] one = TestCheckpoints.image(LARGE);
    byte[] other = TestCheckpoints.image(OTHER);
    assertEquals(one.length, other.length);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 100; i++) {
      int unit = i % 2 == 0 ? 4096 : CheckpointFormat.CHUNK;
      int from = random.nextInt(one.length / unit + 1) * unit;
      int to = from + random.nextInt((one.length - from) / unit + 1) * unit;
      byte[] mixed = one.clone();
      System.arraycopy(other, from, mixed, from, to - from);
      if (to > from && to - from < one.length) {
        assertRefused(mixed, "the other from " + from + " to " + to);
      }
    }
  }

  @Test
  void chunksOutOfPlaceAreNoticed() throws IOException {
    Content content = TestCheckpoints.random(5, 3, 5, 130_000);
    byte[] image = TestCheckpoints.image(content);
    byte[] swapped = image.clone();
    System.arraycopy(image, CheckpointFormat.CHUNK, swapped, 0, CheckpointFormat.CHUNK);
    assertRefused(swapped, "the second chunk first");
    swapped = image.clone();
    int third = 2 * CheckpointFormat.CHUNK;
    System.arraycopy(image, third, swapped, CheckpointFormat.CHUNK, CheckpointFormat.CHUNK);
    System.arraycopy(image, CheckpointFormat.CHUNK, swapped, third, CheckpointFormat.CHUNK);
    assertRefused(swapped, "second and third chunk swapped");
  }

  @Test
  void aChangeAfterOpeningIsNoticed() throws IOException {
    byte[] image = TestCheckpoints.image(SMALL);
    try (Checkpoint checkpoint = Checkpoint.open(new OneFileDisk(image), LAYOUT, STORE)) {
      image[200] ^= 1;
      assertThrows(
          CorruptionException.class,
          () ->
              checkpoint.forEachEntry(
                  (low, high, location, length, visited) -> {
                    throw new AssertionError("an entry was given");
                  }));
    }
  }

  @Test
  void anotherStoresIsRefused() throws IOException {
    OneFileDisk disk = new OneFileDisk(TestCheckpoints.image(SMALL));
    UUID other = new UUID(1, 2);
    assertThrows(CorruptionException.class, () -> Checkpoint.open(disk, LAYOUT, other));
  }

  @Test
  void anotherVersionIsNotDamage() throws IOException {
    for (int version : new int[] {0, 2, Integer.MAX_VALUE}) {
      byte[] image = TestCheckpoints.image(SMALL);
      ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
      header.putInt(8, version);
      header.putInt(60, Checksum.of(image, 0, 60));
      Arrays.fill(image, 64, image.length, (byte) 1); // laid out in a way that is not known
      FormatVersionException e =
          assertThrows(
              FormatVersionException.class,
              () -> Checkpoint.open(new OneFileDisk(image), LAYOUT, STORE));
      assertTrue(e.getMessage().contains(LAYOUT.checkpoint().toString()), e.getMessage());
    }
  }

  @Test
  void aFailedReadIsNotDamage() throws IOException {
    SimulatedDisk disk = TestCheckpoints.disk(0);
    TestCheckpoints.write(disk, LARGE);
    int reads = 0;
    for (boolean failed = true; failed; ) {
      int failing = ++reads;
      int[] left = {failing};
      Disk faulty =
          new FaultyDisk(
              disk,
              (operation, file) ->
                  operation == FaultyDisk.Operation.READ && --left[0] == 0
                      ? new IOException("bad sector")
                      : null);
      try {
        assertEquals(LARGE, TestCheckpoints.read(faulty));
        failed = false;
      } catch (IOException e) {
        assertEquals("bad sector", e.getMessage(), () -> "read " + failing);
      }
      assertEquals(List.of(), disk.openHandles());
    }
    assertTrue(reads > 2 * 3, "each of the chunks is read twice, but there were " + reads);
  }

  /** A crash may leave it, with any content, beside a checkpoint or alone. */
  @Test
  void whatAnInterruptedWriteLeftIsInNobodysWay() throws IOException {
    SimulatedDisk disk = TestCheckpoints.disk(0);
    disk.createDirectories(LAYOUT.checkpointDirectory());
    disk.create(LAYOUT.checkpointTemporary()).close();
    assertNull(Checkpoint.open(disk, LAYOUT, STORE));
    TestCheckpoints.write(disk, SMALL);
    assertEquals(List.of("checkpoint"), disk.list(LAYOUT.checkpointDirectory()));
    disk.create(LAYOUT.checkpointTemporary()).close();
    assertEquals(SMALL, TestCheckpoints.read(disk));
  }

  @Test
  void aCrashAtAnyCallLeavesTheOldOrTheNewOne() throws IOException {
    SimulatedDisk good = TestCheckpoints.disk(0);
    TestCheckpoints.write(good, SMALL);
    long before = good.ioCalls();
    TestCheckpoints.write(good, LARGE);
    for (long call = before + 1; call <= good.ioCalls(); call++) {
      SimulatedDisk disk = TestCheckpoints.disk(call);
      TestCheckpoints.write(disk, SMALL);
      disk.crashAt(call);
      assertThrows(SimulatedCrashException.class, () -> TestCheckpoints.write(disk, LARGE));
      assertEquals(List.of(), disk.openHandles());
      for (Survival survival : Survival.values()) {
        for (int seed = 0; seed < 4; seed++) {
          SimulatedDisk after = disk.afterCrash(survival, seed);
          Content found = TestCheckpoints.read(after);
          assertTrue(SMALL.equals(found) || LARGE.equals(found), "call " + call + " " + survival);
        }
      }
    }
  }

  @Test
  void aFullDiskKeepsTheOldOne() throws IOException {
    SimulatedDisk disk = TestCheckpoints.disk(0);
    TestCheckpoints.write(disk, SMALL);
    disk.capacity(disk.usedSpace() + CheckpointFormat.CHUNK + 4096);
    assertThrows(DiskFullException.class, () -> TestCheckpoints.write(disk, LARGE));
    assertEquals(List.of("checkpoint"), disk.list(LAYOUT.checkpointDirectory()));
    assertEquals(SMALL, TestCheckpoints.read(disk));
  }

  @Test
  void aSourceThatGivesUpKeepsTheOldOne() throws IOException {
    SimulatedDisk disk = TestCheckpoints.disk(0);
    TestCheckpoints.write(disk, SMALL);
    EntrySource source =
        sink -> {
          sink.accept(1, 2, Location.pack(1, 64, false), 32, false);
          throw new CancellationException();
        };
    CheckpointWriter writer =
        new CheckpointWriter(disk, LAYOUT, STORE, new StagingBuffers(1 << 20));
    assertThrows(CancellationException.class, () -> writer.write(LARGE.head(), source));
    assertEquals(List.of("checkpoint"), disk.list(LAYOUT.checkpointDirectory()));
    assertEquals(SMALL, TestCheckpoints.read(disk));
    assertEquals(List.of(), disk.openHandles());
  }
}
