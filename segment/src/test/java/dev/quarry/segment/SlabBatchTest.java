package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.SALT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Evicted;
import dev.quarry.segment.TestSegments.Listed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Batches in a slab. */
class SlabBatchTest {

  private static final int START = FileHeader.LENGTH;

  private final Slab slab = TestSegments.slab(Disk.BLOCK);

  private static List<Evicted> evictions(int count) {
    return LongStream.range(0, count)
        .mapToObj(i -> new Evicted(i, i * 31, i * 1000, 500 + i))
        .toList();
  }

  @Test
  void aBatchTakesASequenceNumberForEveryEntry() {
    long first = slab.reserve(25);
    long batch = slab.reserveBatch(5);
    long next = slab.reserve(25);
    assertEquals(1000, slab.sequence(first));
    assertEquals(1001, slab.sequence(batch));
    assertEquals(1006, slab.sequence(next));
    assertEquals(START + 32, Slab.position(batch));
    assertEquals(START + 32 + 24 + 5 * 32, Slab.position(next));
    assertEquals(1007, slab.nextSequence());
  }

  @Test
  void aBatchIsNoPartOfThePrefixUntilItIsWritten() {
    TestSegments.put(slab, "a", "1");
    long ticket = slab.reserveBatch(2);
    TestSegments.put(slab, "b", "2");
    assertEquals(START + 32, slab.completedPrefix(START));
    slab.writeBatch(ticket, TestSegments.evictions(evictions(2)));
    assertEquals(slab.end(), slab.completedPrefix(START));
    int at = Slab.position(ticket);
    assertTrue(RecordFormat.isHeader(slab.head(), at, SALT));
    assertEquals(RecordFormat.EVICTIONS, RecordFormat.kind(slab.head(), at));
    assertEquals(1001, RecordFormat.sequence(slab.head(), at));
    assertTrue(slab.isPayloadIntact(at));
  }

  @Test
  void theEntriesOfABatchAreNeitherMovedNorUsedUp() {
    ByteBuffer entries = TestSegments.evictions(evictions(3));
    slab.writeBatch(slab.reserveBatch(3), entries);
    assertEquals(0, entries.position());
    assertEquals(3 * Batch.ENTRY_LENGTH, entries.limit());
  }

  @Test
  void isSettledWhenEveryEntryIs() {
    TestSegments.put(slab, "a", "1");
    long ticket = slab.reserveBatch(7);
    slab.seal();
    slab.writeBatch(ticket, TestSegments.evictions(evictions(7)));
    assertFalse(slab.isSettled());
    slab.settleBatch(7);
    assertTrue(slab.isSettled());
  }

  @Test
  void anEmptySlabHasRoomForAsManyEntriesAsFitTwice() {
    int most = (Disk.BLOCK - FileHeader.LENGTH - Footer.TRAILER_LENGTH - 24) / 64;
    assertEquals(Slab.FULL, slab.reserveBatch(most + 1));
    assertTrue(slab.isEmpty());
    assertEquals(1000, slab.nextSequence());
    assertEquals(START, TestSegments.evict(slab, evictions(most)));
    assertEquals(Slab.FULL, slab.reserveBatch(1));
    assertEquals(Disk.BLOCK, TestSegments.finish(slab).length);
  }

  @Test
  void aSealedSlabTakesNoBatch() {
    slab.seal();
    assertEquals(Slab.FULL, slab.reserveBatch(1));
  }

  @Test
  void batchesOfOneFillASlabAndItsFooterFits() throws IOException {
    int batches = 0;
    while (TestSegments.evict(slab, evictions(1)) >= 0) {
      batches++;
    }
    assertEquals((Disk.BLOCK - 128) / (24 + 32 + 32), batches);
    byte[] image = TestSegments.finish(slab);
    assertEquals(Disk.BLOCK, image.length);
    assertEquals(batches, TestSegments.entries(TestSegments.open(image)).size());
  }

  /** A slab full of puts and batches of any sizes still has room for the footer they make. */
  @Property(tries = 500)
  void theFooterOfASlabFullOfBatchesFits(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = -300, max = 40) Integer> sizes)
      throws IOException {
    Slab full = TestSegments.slab(2 * Disk.BLOCK);
    List<Evicted> expected = new ArrayList<>();
    int records = 0;
    boolean fits = true;
    while (fits) {
      fits = false;
      for (int size : sizes) {
        if (size > 0 && TestSegments.evict(full, evictions(size)) >= 0) {
          expected.addAll(evictions(size));
          fits = true;
        } else if (size <= 0 && TestSegments.put(full, "key", "v".repeat(-size)) >= 0) {
          records++;
          fits = true;
        }
      }
    }
    byte[] image = TestSegments.finish(full);
    assertTrue(image.length <= 2 * Disk.BLOCK, () -> "a file of " + image.length);
    SegmentFile file = TestSegments.open(image);
    assertNull(file.damage());
    assertEquals(expected.size() + records, file.trailer().entries());
    assertEquals(full.nextSequence() - 1, file.trailer().highestSequence());
    Listed listed = new Listed();
    TestSegments.scanner(image).forEachRecord(START, file.trailer().recordsEnd(), listed);
    assertEquals(expected, listed.evicted);
  }
}
