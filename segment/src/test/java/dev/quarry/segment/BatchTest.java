package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.FIRST_SEQUENCE;
import static dev.quarry.segment.TestSegments.SALT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Evicted;
import dev.quarry.segment.TestSegments.Listed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class BatchTest {

  private static final int AT = FileHeader.LENGTH;

  /** A record of a batch, as it is in a segment. */
  private static ByteBuffer record(byte kind, ByteBuffer entries) {
    byte[] image = new byte[AT + (int) Batch.recordLength(entries.limit() / Batch.ENTRY_LENGTH)];
    ByteBuffer buffer = TestSegments.little(image);
    buffer.put(AT + RecordFormat.HEADER_LENGTH, entries, 0, entries.limit());
    RecordFormat.encodeHeader(buffer, AT, SALT, image.length - AT, FIRST_SEQUENCE, 0, 0, kind);
    buffer.putInt(AT, image.length - AT);
    assertTrue(RecordFormat.isHeader(buffer, AT, SALT));
    return buffer;
  }

  @Property(tries = 500)
  void whatWasEvictedIsReadAsItWasWritten(@ForAll("evictions") List<Evicted> evictions) {
    ByteBuffer entries = TestSegments.evictions(evictions);
    assertEquals(evictions.size() * Batch.ENTRY_LENGTH, entries.limit());
    Listed listed = new Listed();
    Batch.forEach(record(RecordFormat.EVICTIONS, entries), AT, listed);
    assertEquals(evictions, listed.evicted);
    assertEquals(List.of(), listed.replaced);
    assertTrue(listed.offsets.stream().allMatch(offset -> offset == AT), listed.offsets::toString);
  }

  @Provide
  Arbitrary<List<Evicted>> evictions() {
    return Combinators.combine(
            Arbitraries.longs(),
            Arbitraries.longs(),
            Arbitraries.longs().between(0, 0xFFFF_FFFFL),
            Arbitraries.longs().between(0, (1L << 56) - 1))
        .as(Evicted::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(40);
  }

  @Test
  void whatWasReplacedIsReadAsItWasWritten() {
    for (int count : new int[] {1, 2, 500}) {
      List<Long> ids = LongStream.range(0, count).mapToObj(i -> Integer.MAX_VALUE - i).toList();
      Listed listed = new Listed();
      Batch.forEach(record(RecordFormat.REPLACES, TestSegments.replaced(ids)), AT, listed);
      assertEquals(ids, listed.replaced);
      assertEquals(List.of(), listed.evicted);
    }
  }

  /** Else a slab or file with many batches would have no room for its footer. */
  @Test
  void anEntryIsAsLongAsTheOneItHasInTheFooter() {
    assertEquals(Footer.ENTRY_LENGTH, Batch.ENTRY_LENGTH);
    for (int entries : new int[] {1, 2, 3, 1024, 1 << 25}) {
      long length = Batch.recordLength(entries);
      assertEquals(24 + 32L * entries, length);
      assertEquals(length, RecordFormat.align(length), "no padding");
    }
  }

  @Test
  void aWalkMeetsRecordsAndBatchesInTheirOrder() {
    Slab slab = TestSegments.slab(Disk.BLOCK);
    TestSegments.put(slab, "a", "1");
    TestSegments.evict(slab, List.of(new Evicted(1, 2, 3, 4), new Evicted(5, 6, 7, 8)));
    TestSegments.mark(slab, slab.end());
    TestSegments.tombstone(slab, "b");
    List<String> met = new ArrayList<>();
    slab.forEachRecord(
        slab.end(),
        new RecordVisitor() {
          @Override
          public void record(byte kind, byte[] key, long offset, long length, long sequence) {
            met.add(new String(key, java.nio.charset.StandardCharsets.UTF_8) + " " + sequence);
          }

          @Override
          public void evicted(long low, long high, long offset, long length, long sequence) {
            met.add("evicted " + low + " " + sequence + " at " + offset);
          }
        });
    assertEquals(List.of("a 1000", "evicted 1 4 at 96", "evicted 5 8 at 96", "b 1004"), met);
  }
}
