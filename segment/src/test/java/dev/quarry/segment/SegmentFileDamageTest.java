package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.entries;
import static dev.quarry.segment.TestSegments.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.segment.TestSegments.Entry;
import dev.quarry.segment.TestSegments.Evicted;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

/**
 * Whatever is done to a segment file, opening it gives the entries it was written with, or throws
 * an exception that says what is wrong.
 */
class SegmentFileDamageTest {

  /** One record to write: a kind, how long its key is, and how long its value. */
  record Spec(byte kind, int keyLength, int valueLength) {}

  /** One way to damage a file. */
  record Damage(Kind kind, int at, int length) {

    enum Kind {
      FLIP,
      ZERO,
      FILL,
      SWAP_SECTORS,
      COPY_SECTOR,
      CUT,
      GROW
    }

    byte[] apply(byte[] image) {
      int sectors = image.length / 512;
      int first = image.length == 0 ? 0 : at % image.length;
      int last = Math.min(first + length, image.length);
      byte[] changed = image.clone();
      switch (kind) {
        case FLIP -> changed = TestSegments.flip(image, first * 8 + length % 8);
        case ZERO -> Arrays.fill(changed, first, last, (byte) 0);
        case FILL -> Arrays.fill(changed, first, last, (byte) length);
        case SWAP_SECTORS -> {
          copySector(image, at % sectors, changed, length % sectors);
          copySector(image, length % sectors, changed, at % sectors);
        }
        case COPY_SECTOR -> copySector(image, at % sectors, changed, length % sectors);
        case CUT -> changed = Arrays.copyOf(image, Math.max(Disk.BLOCK, first & -Disk.BLOCK));
        case GROW -> changed = Arrays.copyOf(image, image.length + Disk.BLOCK);
      }
      return changed;
    }

    private static void copySector(byte[] from, int sector, byte[] to, int toSector) {
      System.arraycopy(from, sector * 512, to, toSector * 512, 512);
    }
  }

  private static byte[] image(List<Spec> specs) {
    Slab slab = TestSegments.slab(8 * Disk.BLOCK);
    for (Spec spec : specs) {
      byte[] key = new byte[spec.keyLength];
      Arrays.fill(key, (byte) spec.valueLength);
      switch (spec.kind) {
        case RecordFormat.PUT -> {
          byte[] value = new byte[spec.valueLength];
          Arrays.fill(value, (byte) spec.keyLength);
          TestSegments.append(slab, spec.kind, key, value);
        }
        case RecordFormat.TOMBSTONE -> TestSegments.append(slab, spec.kind, key, new byte[0]);
        case RecordFormat.COMMIT_MARK -> TestSegments.mark(slab, slab.end());
        case RecordFormat.EVICTIONS ->
            TestSegments.evict(
                slab,
                LongStream.range(0, spec.keyLength)
                    .mapToObj(i -> new Evicted(i, -i, spec.valueLength, i))
                    .toList());
        default -> TestSegments.refused(slab, "refused", "refused");
      }
    }
    return TestSegments.finish(slab);
  }

  @Test
  void noFlippedBitChangesTheEntries() throws IOException {
    byte[] image =
        image(
            List.of(
                new Spec(RecordFormat.PUT, 3, 100),
                new Spec(RecordFormat.TOMBSTONE, 5, 0),
                new Spec(RecordFormat.COMMIT_MARK, 0, 0),
                new Spec(RecordFormat.PUT, 1, 0),
                new Spec(RecordFormat.VOID, 0, 0),
                new Spec(RecordFormat.EVICTIONS, 3, 300),
                new Spec(RecordFormat.PUT, 20, 9)));
    assertEquals(7, entries(open(image)).size());
    assertNoFlippedBitChangesTheEntries(image);
  }

  private static void assertNoFlippedBitChangesTheEntries(byte[] image) throws IOException {
    List<Entry> expected = entries(open(image));
    assertEquals(Disk.BLOCK, image.length);
    long footer = TestSegments.trailer(image).recordsEnd();
    for (int bit = 0; bit < image.length * 8; bit++) {
      SegmentFile file = open(TestSegments.flip(image, bit));
      assertEquals(expected, entries(file), "bit " + bit);
      boolean ofRecords = bit / 8 >= FileHeader.LENGTH && bit / 8 < footer;
      boolean unused = bit / 8 >= footer + expected.size() * 32L && bit / 8 < image.length - 64;
      assertEquals(ofRecords || unused, file.damage() == null, "bit " + bit);
    }
  }

  private static byte[] compacted() throws IOException {
    Slab slab = TestSegments.slab(Disk.BLOCK);
    TestSegments.put(slab, "a", "1");
    TestSegments.put(slab, "b", "22");
    TestSegments.tombstone(slab, "c");
    return TestSegments.compacted(slab);
  }

  @Test
  void noFlippedBitOfACompactedSegmentChangesTheEntries() throws IOException {
    byte[] image = compacted();
    assertEquals(3 + 3 + 4, entries(open(image)).size());
    assertNoFlippedBitChangesTheEntries(image);
  }

  /** Whichever bit it is, the footer, or else the list, tells what may be deleted. */
  @Test
  void noFlippedBitChangesWhatIsReplaced() throws IOException {
    byte[] image = compacted();
    List<Long> expected = List.of(3L, 5L, 4L);
    int list = FileHeader.LENGTH + (int) Batch.recordLength(3);
    for (int bit = 0; bit < image.length * 8; bit++) {
      byte[] changed = TestSegments.flip(image, bit);
      SegmentFile file = open(changed);
      assertEquals(3, file.trailer().replaced(), "bit " + bit);
      assertEquals(expected, replacedByFooter(file), "bit " + bit);
      boolean ofList = bit / 8 >= FileHeader.LENGTH && bit / 8 < list;
      try {
        assertEquals(expected, replacedByList(changed, file.trailer()));
        assertFalse(ofList, "bit " + bit);
      } catch (CorruptionException e) {
        assertTrue(ofList, "bit " + bit);
        assertEquals(FileHeader.LENGTH, e.offset());
      }
    }
  }

  /** Its header check is right, as no accident makes it. */
  @Test
  void aListOfReplacedSegmentsThatWouldEndBehindTheFileIsReported() throws IOException {
    byte[] image = compacted();
    Trailer trailer = TestSegments.trailer(image);
    long length = RecordFormat.HEADER_LENGTH + (long) image.length / 32 * 32;
    TestSegments.putHeader(image, FileHeader.LENGTH, length, 0, RecordFormat.REPLACES);
    var e = assertThrows(CorruptionException.class, () -> replacedByList(image, trailer));
    assertEquals(FileHeader.LENGTH, e.offset());
  }

  private static List<Long> replacedByFooter(SegmentFile file) {
    return entries(file).stream()
        .filter(entry -> entry.kind() == Footer.REPLACED)
        .map(Entry::low)
        .toList();
  }

  private static List<Long> replacedByList(byte[] image, Trailer trailer) throws IOException {
    MappedSegment mapped = TestSegments.map(image);
    return SegmentFile.replaced(mapped, trailer, TestSegments.PATH, TestSegments.SALT);
  }

  @Property(tries = 1000)
  void noDamageOfACompactedSegmentChangesTheEntries(@ForAll("damages") List<Damage> damages)
      throws IOException {
    byte[] changed = compacted();
    for (Damage damage : damages) {
      changed = damage.apply(changed);
    }
    check(entries(open(compacted())), changed, false);
  }

  @Test
  void noTwoFlippedBitsOfTheFooterChangeTheEntries() throws IOException {
    byte[] image = image(List.of(new Spec(RecordFormat.PUT, 3, 10)));
    List<Entry> expected = entries(open(image));
    int footer = (int) TestSegments.trailer(image).recordsEnd();
    int trailer = image.length - Footer.TRAILER_LENGTH;
    for (int first = footer * 8; first < (footer + 32) * 8; first += 5) {
      for (int second = trailer * 8; second < image.length * 8; second += 7) {
        check(expected, TestSegments.flip(TestSegments.flip(image, first), second), true);
      }
    }
  }

  @Property(tries = 4000)
  void noDamageChangesTheEntries(
      @ForAll("records") List<Spec> specs, @ForAll("damages") List<Damage> damages)
      throws IOException {
    byte[] image = image(specs);
    byte[] changed = image;
    for (Damage damage : damages) {
      changed = damage.apply(changed);
    }
    check(entries(open(image)), changed, false);
  }

  private static void check(List<Entry> expected, byte[] changed, boolean isDamaged)
      throws IOException {
    try {
      SegmentFile file = open(changed);
      assertEquals(expected, entries(file));
      if (isDamaged) {
        assertNotNull(file.damage());
      }
    } catch (CorruptionException | FormatVersionException e) {
      assertTrue(e.getMessage().contains(TestSegments.PATH.toString()));
    }
  }

  /** Nothing that a scan meets makes it throw, or count more than there is. */
  @Property(tries = 2000)
  void aScanBearsAnyDamage(
      @ForAll("records") List<Spec> specs, @ForAll("damages") List<Damage> damages)
      throws IOException {
    byte[] image = image(specs);
    byte[] changed = image;
    for (Damage damage : damages) {
      changed = damage.apply(changed);
    }
    int limit = changed.length;
    SegmentScanner scanner = TestSegments.scanner(changed);
    scanner.scan(FileHeader.LENGTH, limit);
    assertTrue(scanner.puts() + scanner.tombstones() + scanner.others() <= specs.size());
    assertTrue(scanner.endOfChain(FileHeader.LENGTH, limit) <= limit);
    scanner.furthestMark(FileHeader.LENGTH, limit);
    long[] seen = new long[1];
    scanner.forEachRecord(
        FileHeader.LENGTH, limit, (kind, key, offset, length, sequence) -> seen[0]++);
    assertEquals(scanner.puts() + scanner.tombstones(), seen[0]);
  }

  @Provide
  Arbitrary<List<Spec>> records() {
    Arbitrary<Byte> kinds = Arbitraries.bytes().between((byte) 1, (byte) 5);
    Arbitrary<Integer> keys = Arbitraries.integers().between(1, 40);
    Arbitrary<Integer> values =
        Arbitraries.frequencyOf(
            Tuple.of(5, Arbitraries.integers().between(0, 60)),
            Tuple.of(1, Arbitraries.integers().between(3000, 5000)));
    return Combinators.combine(kinds, keys, values).as(Spec::new).list().ofMaxSize(12);
  }

  @Provide
  Arbitrary<List<Damage>> damages() {
    return Combinators.combine(
            Arbitraries.of(Damage.Kind.values()),
            Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.integers().between(0, 1000)),
                Tuple.of(1, Arbitraries.integers().between(4000, 4095)),
                Tuple.of(2, Arbitraries.integers().between(0, 40_000))),
            Arbitraries.integers().between(0, 600))
        .as(Damage::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(3);
  }
}
