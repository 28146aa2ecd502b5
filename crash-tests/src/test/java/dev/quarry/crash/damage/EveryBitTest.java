package dev.quarry.crash.damage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.quarry.TestBed;
import dev.quarry.crash.damage.Meaning.Of;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.Mapping;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every bit of 4 KiB of each kind of file is flipped, one at a time: no read gives wrong bytes, no
 * key goes missing silently, and verify reports each flip in a byte that means something.
 */
@Tag("slow")
class EveryBitTest {

  private static void flip(Sample sample, Path file, Set<Outcome> whereItMeansSomething) {
    assertEquals(0, sample.image().bytes(file).length % EveryBit.BYTES);
    EveryBit flips = new EveryBit(sample, file);
    long start = System.nanoTime();
    flips.run();
    System.out.printf(
        "%s, %s: %s, %,d ms%n",
        sample.name(), file, flips.counts(), (System.nanoTime() - start) / 1_000_000);
    long count =
        flips.counts().values().stream()
            .flatMap(outcomes -> outcomes.values().stream())
            .mapToLong(Integer::longValue)
            .sum();
    assertEquals(8L * EveryBit.BYTES, count);
    assertEquals(whereItMeansSomething, flips.counts().get(Of.SOMETHING).keySet());
  }

  @Test
  void aFlipInTheStoreFileIsRefused() throws IOException {
    flip(SmallStores.closed(), StoreImage.LAYOUT.store(), Set.of(Outcome.REFUSED));
  }

  @Test
  void aFlipInASegmentCostsOneRecordAtMost() throws IOException {
    flip(
        SmallStores.withoutCheckpoint(),
        StoreImage.LAYOUT.segment(1),
        Set.of(Outcome.RIGHT, Outcome.MADE_GOOD, Outcome.READ_ERROR));
  }

  @Test
  void aFlipInASegmentThatACheckpointCoversCostsOneRecordAtMost() throws IOException {
    flip(
        SmallStores.closed(),
        StoreImage.LAYOUT.segment(1),
        Set.of(Outcome.RIGHT, Outcome.MADE_GOOD, Outcome.READ_ERROR));
  }

  @Test
  void aFlipInACompactedSegmentCostsOneRecordAtMost() throws IOException {
    flip(
        SmallStores.compacted(),
        StoreImage.LAYOUT.segment(12),
        Set.of(Outcome.RIGHT, Outcome.MADE_GOOD, Outcome.READ_ERROR));
  }

  /** But for its last commit, which cannot be told from a torn one. */
  @Test
  void aFlipInALogIsRefused() throws IOException {
    flip(SmallStores.crashed(), StoreImage.LAYOUT.log(1), Set.of(Outcome.REFUSED));
  }

  @Test
  void aFlipInACheckpointCostsNothing() throws IOException {
    flip(SmallStores.closed(), StoreImage.LAYOUT.checkpoint(), Set.of(Outcome.RIGHT));
  }

  /** Which is why no flip in it can have an effect. */
  @Test
  void nothingReadsTheReserve() throws IOException {
    Sample sample = SmallStores.closed();
    Path reserve = StoreImage.LAYOUT.reserve();
    assertFalse(sample.image().bytes(reserve).length < EveryBit.BYTES);
    byte[] other = new byte[sample.image().bytes(reserve).length];
    Arrays.fill(other, (byte) 0xFF);
    ImageDisk disk = sample.image().with(reserve, other).disk();
    Disk guarded = new Guard(disk, reserve);
    assertFalse(Oracle.verifyReports(guarded));
    assertEquals(Outcome.RIGHT, new Oracle(sample).read(guarded, disk, sample.history().length()));
    TestBed.inline(guarded).open(StoreImage.ROOT, sample.options()).close();
  }

  /** Does not let one file be read. */
  private static final class Guard extends ForwardingDisk {

    private final Path guarded;

    Guard(Disk disk, Path guarded) {
      super(disk);
      this.guarded = guarded;
    }

    private void check(Path file) {
      if (file.equals(guarded)) {
        throw new AssertionError(file + " is read");
      }
    }

    @Override
    public DiskFile open(Path file) throws IOException {
      check(file);
      return super.open(file);
    }

    @Override
    public DiskFile openForRead(Path file) throws IOException {
      check(file);
      return super.openForRead(file);
    }

    @Override
    public Mapping map(Path file, long position, long length) throws IOException {
      check(file);
      return super.map(file, position, length);
    }
  }
}
