package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.HASHER;
import static dev.quarry.segment.TestSegments.HEADER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FooterTest {

  private static byte[] image(int records) {
    Slab slab = TestSegments.slab(16 * Disk.BLOCK);
    for (int i = 0; i < records; i++) {
      if (i % 3 == 0) {
        slab.takeSequence();
      }
      TestSegments.put(slab, "key" + i, "v".repeat(i % 50));
      if (i % 4 == 0) {
        TestSegments.mark(slab, slab.end());
      }
    }
    return TestSegments.finish(slab);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 63, 64, 65, 200})
  void theSequenceNumberOfEveryRecordIsFound(int records) throws IOException {
    byte[] image = image(records);
    Trailer trailer = TestSegments.trailer(image);
    ByteBuffer segment = TestSegments.little(image);
    List<Entry> entries = TestSegments.entries(TestSegments.open(image));
    assertEquals(records, entries.size());
    for (Entry entry : entries) {
      assertEquals(entry.sequence(), Footer.sequence(segment, trailer, entry.offset()));
      assertEquals(-1, Footer.sequence(segment, trailer, entry.offset() - 8));
      assertEquals(-1, Footer.sequence(segment, trailer, entry.offset() + 8));
    }
    assertEquals(-1, Footer.sequence(segment, trailer, 0));
    assertEquals(-1, Footer.sequence(segment, trailer, trailer.recordsEnd()));
    assertEquals(-1, Footer.sequence(segment, trailer, Long.MAX_VALUE));
  }

  @Test
  void theFileEndsAtABlockBehindTheTrailer() {
    assertEquals(4096, Footer.fileLength(64, 0));
    assertEquals(4096, Footer.fileLength(4096 - 64 - 32, 1));
    assertEquals(8192, Footer.fileLength(4096 - 64 - 32 + 8, 1));
    assertEquals((1L << 31) + 4096, Footer.fileLength((1L << 31) + 24, 1));
    assertEquals(
        1L << 36, Footer.fileLength((1L << 36) - 64 - 32L * Integer.MAX_VALUE, Integer.MAX_VALUE));
  }

  @Test
  void entriesAreWhatTheVisitorSaw() throws IOException {
    FooterBuilder footer = new FooterBuilder(HASHER);
    assertEquals(0, footer.highestSequence());
    assertEquals(0, footer.entries().remaining());
    List<Entry> expected = new ArrayList<>();
    long[] hash = new long[2];
    for (int i = 0; i < 1000; i++) {
      byte[] key = TestSegments.bytes("key" + i);
      long offset = 64 + i * 0x1_0000_0008L / 8 * 8 % (1L << 35);
      long length = 0xFFFF_FFFFL - i;
      byte kind = i % 2 == 0 ? RecordFormat.PUT : RecordFormat.TOMBSTONE;
      long sequence = (1L << 55) - i;
      footer.record(kind, key, offset, length, sequence);
      HASHER.hash(key, hash);
      expected.add(new Entry(hash[0], hash[1], offset, length, sequence, kind));
    }
    assertEquals(1000, footer.count());
    assertEquals(1L << 55, footer.highestSequence());
    List<Entry> entries = new ArrayList<>();
    Footer.forEach(
        footer.entries(),
        (low, high, offset, length, sequence, kind) ->
            entries.add(new Entry(low, high, offset, length, sequence, kind)));
    assertEquals(expected, entries);
    Trailer trailer = footer.trailer(HEADER, 1 << 20, 1L << 55);
    assertEquals(Footer.fileLength(1 << 20, 1000), trailer.fileLength());
    assertEquals(Checksum.of(footer.entries()), trailer.entriesCrc());
  }

  @Test
  void theEntriesInAWholeSegmentAreThoseOfItsFooter() throws IOException {
    byte[] image = image(50);
    Trailer trailer = TestSegments.trailer(image);
    ByteBuffer segment = TestSegments.little(image);
    List<Entry> entries = new ArrayList<>();
    Footer.forEach(
        segment,
        trailer,
        (low, high, offset, length, sequence, kind) ->
            entries.add(new Entry(low, high, offset, length, sequence, kind)));
    assertEquals(TestSegments.entries(TestSegments.open(image)), entries);
    assertTrue(Footer.isIntact(segment, trailer));
    int last = (int) trailer.recordsEnd() + 50 * Footer.ENTRY_LENGTH - 1;
    segment.put(last, (byte) (segment.get(last) ^ 1));
    assertFalse(Footer.isIntact(segment, trailer));
    segment.put(last, (byte) (segment.get(last) ^ 1));
    segment.put(last + 1, (byte) 1);
    assertTrue(Footer.isIntact(segment, trailer), "what is behind the entries is not of them");
  }

  @Test
  void aBuilderHandsOutWhatItWasGiven() {
    FooterBuilder footer = new FooterBuilder(HASHER);
    footer.add(1, 2, 64, 40, 7, RecordFormat.PUT);
    List<Entry> entries = new ArrayList<>();
    footer.forEach(
        (low, high, offset, length, sequence, kind) ->
            entries.add(new Entry(low, high, offset, length, sequence, kind)));
    assertEquals(List.of(new Entry(1, 2, 64, 40, 7, RecordFormat.PUT)), entries);
  }

  /** Segments that had the same id one after the other are told apart by any of the three. */
  @Test
  void theFingerprintSaysHowLongTheRecordsAreWhichTheEntriesAndTheHighestNumber() {
    Set<Long> fingerprints = new HashSet<>();
    for (long recordsEnd : new long[] {64, 4096, 8192}) {
      for (int crc : new int[] {0, 1, 2, -1}) {
        for (long highest : new long[] {1, 2, 3}) {
          Trailer trailer = new Trailer(1, recordsEnd, 1, crc, 1, highest, 16384, 0);
          fingerprints.add(trailer.fingerprint());
        }
      }
    }
    assertEquals(3 * 4 * 3, fingerprints.size());
  }
}
