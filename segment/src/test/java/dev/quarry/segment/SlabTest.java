package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.HASHER;
import static dev.quarry.segment.TestSegments.HEADER;
import static dev.quarry.segment.TestSegments.SALT;
import static dev.quarry.segment.TestSegments.append;
import static dev.quarry.segment.TestSegments.bytes;
import static dev.quarry.segment.TestSegments.put;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Visited;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.junit.jupiter.api.Test;

class SlabTest {

  private static final int START = FileHeader.LENGTH;
  private static final byte[] KEY = bytes("key");

  private final Slab slab = TestSegments.slab(Disk.BLOCK);

  private static List<Visited> visited(Slab slab, int end) {
    List<Visited> visited = new ArrayList<>();
    slab.forEachRecord(end, TestSegments.into(visited));
    return visited;
  }

  @Test
  void beginsWithTheHeaderOfItsFile() {
    assertEquals(HEADER, slab.header());
    assertEquals(HEADER.segmentId(), slab.id());
    assertEquals(SALT, slab.salt());
    assertEquals(Disk.BLOCK, slab.size());
    assertTrue(slab.isEmpty());
    assertEquals(START, slab.end());
    assertEquals(
        HEADER, FileHeader.decode(slab.head(), TestSegments.PATH, FileHeader.SEGMENT_MAGIC));
  }

  @Test
  void memoryIsZeroedAndBeginsAtABlock() {
    for (int bytes : new int[] {Disk.BLOCK, 3 * Disk.BLOCK, 1 << 20}) {
      ByteBuffer memory = DirectMemory.allocate(bytes).buffer();
      assertEquals(bytes, memory.capacity());
      assertEquals(0, BufferUtil.address(memory) % Disk.BLOCK);
      assertEquals(ByteBuffer.allocate(bytes), memory);
    }
  }

  @Test
  void placesFollowEachOtherAsSequenceNumbersDo() {
    long first = slab.reserve(25);
    long second = slab.reserve(32);
    long third = slab.reserve(33);
    assertEquals(START, Slab.position(first));
    assertEquals(START + 32, Slab.position(second));
    assertEquals(START + 64, Slab.position(third));
    assertEquals(1000, slab.sequence(first));
    assertEquals(1001, slab.sequence(second));
    assertEquals(1002, slab.sequence(third));
    assertEquals(1003, slab.nextSequence());
    assertEquals(START + 64 + 40, slab.end());
    assertFalse(slab.isEmpty());
  }

  @Test
  void aSequenceNumberWithoutAPlaceLeavesNoGap() {
    put(slab, "a", "1");
    long elsewhere = slab.takeSequence();
    int next = put(slab, "b", "2");
    assertEquals(1001, slab.sequence(elsewhere));
    assertEquals(1002, RecordFormat.sequence(slab.head(), next));
    assertEquals(START + 32, next);
    assertEquals(slab.end(), slab.completedPrefix(START));
  }

  @Test
  void aRecordHoldsWhatWasWritten() {
    int at = put(slab, "key", "value");
    ByteBuffer head = slab.head();
    assertTrue(RecordFormat.isHeader(head, at, SALT));
    assertEquals(24 + 3 + 5, RecordFormat.length(head, at));
    assertEquals(1000, RecordFormat.sequence(head, at));
    assertEquals(3, RecordFormat.keyLength(head, at));
    assertEquals(RecordFormat.PUT, RecordFormat.kind(head, at));
    byte[] payload = new byte[8];
    slab.copyTo(payload, at + 24);
    assertArrayEquals(bytes("keyvalue"), payload);
    assertTrue(slab.isPayloadIntact(at));
  }

  @Test
  void valuesOfEveryKindOfBufferAreTheSame() {
    byte[] value = bytes("..the value..");
    ByteBuffer direct = ByteBuffer.allocateDirect(20).put(0, value);
    List<ByteBuffer> buffers =
        List.of(ByteBuffer.wrap(value), direct, direct.asReadOnlyBuffer().position(7).limit(12));
    append(slab, RecordFormat.PUT, KEY, bytes("the value"));
    for (ByteBuffer buffer : buffers) {
      int position = buffer.position();
      int limit = buffer.limit();
      long ticket = slab.reserve(RecordFormat.length(3, 9));
      slab.write(ticket, RecordFormat.PUT, ByteBuffer.wrap(KEY), buffer, 2, 9);
      int at = Slab.position(ticket);
      assertEquals(RecordFormat.payloadCrc(slab.head(), START), payloadCrc(at));
      assertTrue(slab.isPayloadIntact(at));
      assertEquals(position, buffer.position());
      assertEquals(limit, buffer.limit());
    }
  }

  private int payloadCrc(int at) {
    return RecordFormat.payloadCrc(slab.head(), at);
  }

  @Test
  void theCompletedPrefixEndsAtTheFirstGap() {
    int first = put(slab, "a", "1");
    long gap = slab.reserve(RecordFormat.length(3, 4));
    int third = put(slab, "c", "3");
    assertEquals(START, first);
    assertEquals(Slab.position(gap), slab.completedPrefix(START));
    assertEquals(1, visited(slab, slab.completedPrefix(START)).size());
    TestSegments.write(slab, gap, RecordFormat.PUT, KEY, bytes("1234"));
    assertEquals(slab.end(), slab.completedPrefix(START));
    assertEquals(slab.end(), slab.completedPrefix(third));
    assertEquals(slab.end(), slab.completedPrefix(slab.end()));
    assertEquals(3, visited(slab, slab.end()).size());
  }

  @Test
  void anAbandonedPlaceIsAVoidRecord() {
    long ticket = slab.reserve(RecordFormat.length(3, 100));
    int at = Slab.position(ticket);
    put(slab, "b", "2");
    assertEquals(at, slab.completedPrefix(START));
    slab.abandon(ticket, RecordFormat.length(3, 100));
    assertEquals(slab.end(), slab.completedPrefix(START));
    assertTrue(RecordFormat.isHeader(slab.head(), at, SALT));
    assertEquals(RecordFormat.VOID, RecordFormat.kind(slab.head(), at));
    assertEquals(1000, RecordFormat.sequence(slab.head(), at));
    assertEquals(List.of("b"), visited(slab, slab.end()).stream().map(Visited::key).toList());
  }

  @Test
  void voidedRecordsKeepTheirPlacesAndAreNotVisited() {
    put(slab, "a", "1");
    int from = put(slab, "b", "22222222222");
    TestSegments.tombstone(slab, "a");
    TestSegments.mark(slab, START);
    int to = slab.end();
    put(slab, "c", "3");
    List<Long> lengths = lengths();
    slab.voidRecords(from, to);
    assertEquals(lengths, lengths());
    assertEquals(List.of("a", "c"), visited(slab, slab.end()).stream().map(Visited::key).toList());
    for (long at = from; at < to; at += RecordFormat.align(lengthAt(at))) {
      assertTrue(RecordFormat.isHeader(slab.head(), (int) at, SALT));
      assertEquals(RecordFormat.VOID, RecordFormat.kind(slab.head(), (int) at));
    }
    slab.voidRecords(slab.end(), slab.end());
    assertEquals(slab.end(), slab.completedPrefix(START));
  }

  private long lengthAt(long at) {
    return RecordFormat.length(slab.head(), (int) at);
  }

  private List<Long> lengths() {
    List<Long> lengths = new ArrayList<>();
    for (long at = START; at < slab.end(); at += RecordFormat.align(lengthAt(at))) {
      lengths.add(lengthAt(at));
    }
    return lengths;
  }

  @Test
  void aSealedSlabHandsOutNothing() {
    put(slab, "a", "1");
    slab.seal();
    slab.seal();
    assertTrue(slab.isSealed());
    assertEquals(Slab.FULL, slab.reserve(25));
    assertEquals(Slab.FULL, slab.takeSequence());
    assertEquals(START + 32, slab.end());
    assertEquals(1001, slab.nextSequence());
    assertFalse(slab.isEmpty());
  }

  @Test
  void isSettledWhenSealedAndEveryNumberIsAccountedFor() {
    assertFalse(slab.isSettled());
    long first = slab.reserve(25);
    slab.takeSequence();
    slab.abandon(first, 25);
    slab.settle();
    slab.seal();
    assertFalse(slab.isSettled());
    slab.settle();
    assertTrue(slab.isSettled());
    Slab untouched = TestSegments.slab(Disk.BLOCK);
    untouched.seal();
    assertTrue(untouched.isSettled());
  }

  @Test
  void aSettledSlabThatIsNotSealedMayGoOn() {
    put(slab, "a", "1");
    assertFalse(slab.isSettled());
    slab.seal();
    assertTrue(slab.isSettled());
  }

  @Test
  void theLargestRecordFillsAnEmptySlab() {
    for (int bytes : new int[] {Disk.BLOCK, 4 * Disk.BLOCK, 1 << 20}) {
      long largest = Slab.largestRecord(bytes);
      Slab exact = TestSegments.slab(bytes);
      assertEquals(START, Slab.position(exact.reserve(largest)));
      assertNotEquals(START, exact.end());
      assertEquals(Slab.FULL, exact.takeSequence());
      assertEquals(Slab.FULL, exact.reserve(25));
      assertEquals(Slab.FULL, TestSegments.slab(bytes).reserve(largest + 1));
    }
  }

  /** Whatever the sizes are, there is room for the footer when there is none for a record. */
  @Test
  void theFooterOfAFullSlabFits() throws IOException {
    for (int value = 0; value < 70; value++) {
      Slab full = TestSegments.slab(2 * Disk.BLOCK);
      int records = 0;
      while (append(full, RecordFormat.PUT, KEY, new byte[value]) >= 0) {
        records++;
      }
      assertEquals(Slab.FULL, full.reserve(RecordFormat.length(3, value)));
      byte[] image = TestSegments.finish(full);
      assertEquals(2 * Disk.BLOCK, image.length);
      SegmentFile file = TestSegments.open(image);
      assertNull(file.damage());
      assertEquals(records, TestSegments.entries(file).size());
      long record = RecordFormat.align(RecordFormat.length(3, value));
      long used = START + records * (record + Footer.ENTRY_LENGTH) + Footer.TRAILER_LENGTH;
      assertTrue(
          used <= image.length && used + record + Footer.ENTRY_LENGTH > image.length,
          records + " records of " + record + " bytes");
    }
  }

  @Test
  void aSlabOfTheSmallestRecordsTakesAsManyAsThereIsRoomFor() {
    while (append(slab, RecordFormat.TOMBSTONE, bytes("k"), new byte[0]) >= 0) {}
    assertEquals((Disk.BLOCK - 128) / 64, slab.nextSequence() - 1000);
    assertEquals(Disk.BLOCK, slab.finish(HASHER).fileLength());
  }

  @Test
  void numbersAloneFillASlabToo() {
    int taken = 0;
    while (slab.takeSequence() != Slab.FULL) {
      taken++;
    }
    assertEquals((Disk.BLOCK - 128) / Footer.ENTRY_LENGTH, taken);
    assertEquals(START, slab.end());
    assertTrue(slab.isEmpty());
  }

  @Test
  void whatNoSlabCanHoldIsRefused() {
    for (long length : new long[] {Disk.BLOCK, 1L << 31, 0xFFFF_FFFFL, 1L << 32}) {
      assertEquals(Slab.FULL, slab.reserve(length));
    }
    assertTrue(slab.isEmpty());
    assertEquals(1000, slab.nextSequence());
  }

  @Test
  void blocksAreThoseThatHoldTheBytes() {
    Slab three = TestSegments.slab(3 * Disk.BLOCK);
    assertBlocks(three, 0, 1, 0, 1);
    assertBlocks(three, 0, 4096, 0, 1);
    assertBlocks(three, 4095, 4096, 0, 1);
    assertBlocks(three, 4095, 4097, 0, 2);
    assertBlocks(three, 4096, 4097, 1, 2);
    assertBlocks(three, 5000, 3 * 4096, 1, 3);
    assertBlocks(three, 4096, 4096, 1, 1);
  }

  private static void assertBlocks(Slab slab, int from, int to, int first, int last) {
    ByteBuffer blocks = slab.blocks(from, to);
    assertEquals((last - first) * Disk.BLOCK, blocks.remaining());
    assertEquals(0, blocks.position());
    if (last > first) {
      long begin = BufferUtil.address(slab.head());
      assertEquals(begin + first * (long) Disk.BLOCK, BufferUtil.address(blocks));
    }
  }

  @Test
  void finishingTwiceGivesTheSameFile() {
    put(slab, "a", "1");
    byte[] once = TestSegments.finish(slab);
    assertArrayEquals(once, TestSegments.finish(slab));
  }

  @Test
  void theTrailerCountsNumbersWhoseRecordsAreElsewhere() {
    put(slab, "a", "1");
    slab.takeSequence();
    TestSegments.mark(slab, START);
    slab.seal();
    Trailer trailer = slab.finish(HASHER);
    assertEquals(1000, trailer.lowestSequence());
    assertEquals(1002, trailer.highestSequence());
    assertEquals(1, trailer.entries());
  }

  /** A record that is not complete must stop this, and not hang it. */
  @Test
  void aSlabWithAGapCannotBeFinished() {
    put(slab, "a", "1");
    slab.reserve(50);
    slab.seal();
    assertThrows(IllegalStateException.class, () -> slab.finish(HASHER));
  }

  @Test
  void itsMemoryGoesBackWhenTheLastReaderHasGone() {
    List<Slab> returned = new ArrayList<>();
    ByteBuffer memory = DirectMemory.allocate(Disk.BLOCK).buffer();
    Slab lent = new Slab(memory, HEADER, returned::add);
    assertTrue(lent.tryPin());
    lent.retire();
    assertEquals(List.of(), returned);
    lent.unpin();
    assertEquals(List.of(lent), returned);
    assertFalse(lent.isLent());
  }

  @Test
  void onlyAnIdleSlabIsSealedAsOne() {
    assertTrue(slab.sealIfIdle());
    assertTrue(slab.isSealed());
    assertFalse(slab.sealIfIdle(), "it is sealed already");
    assertEquals(Slab.FULL, slab.reserve(30));

    Slab waiting = TestSegments.slab(Disk.BLOCK);
    waiting.takeSequence();
    assertFalse(waiting.sealIfIdle(), "a record elsewhere has one of its numbers");
    assertFalse(waiting.isSealed());
    waiting.settle();
    assertTrue(waiting.sealIfIdle());

    Slab filling = TestSegments.slab(Disk.BLOCK);
    filling.reserve(30);
    filling.settle();
    assertFalse(filling.sealIfIdle(), "it has a record");
    assertFalse(filling.isSealed());
  }
}
