package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Entry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A slab against a list of the records put in it. */
class SlabPropertyTest {

  /** What a writer does with the place it took. */
  enum Fate {
    PUT,
    TOMBSTONE,
    MARK,
    ABANDON,
    REFUSED,
    ELSEWHERE
  }

  /** One writer. */
  record Writer(Fate fate, int keyLength, int valueLength) {

    byte kind() {
      return switch (fate) {
        case TOMBSTONE -> RecordFormat.TOMBSTONE;
        case MARK -> RecordFormat.COMMIT_MARK;
        default -> RecordFormat.PUT;
      };
    }

    long length() {
      return switch (fate) {
        case TOMBSTONE -> RecordFormat.length(keyLength, 0);
        case MARK -> RecordFormat.COMMIT_MARK_LENGTH;
        default -> RecordFormat.length(keyLength, valueLength);
      };
    }
  }

  /** A writer with its place. */
  private static final class Placed {

    final Writer writer;
    final long ticket;
    final byte[] key;
    final byte[] value;

    Placed(Writer writer, long ticket, Random random) {
      this.writer = writer;
      this.ticket = ticket;
      this.key = new byte[writer.keyLength];
      this.value = new byte[writer.fate == Fate.TOMBSTONE ? 0 : writer.valueLength];
      random.nextBytes(key);
      random.nextBytes(value);
    }
  }

  /** The slab under test, and what must be in it. */
  private static final class Run {

    private final Slab slab;
    private final Random random;
    private final List<Placed> placed = new ArrayList<>();
    private long expectedEnd = FileHeader.LENGTH;
    private long expectedSequence = TestSegments.FIRST_SEQUENCE;

    Run(int blocks, long seed) {
      slab = TestSegments.slab(blocks * Disk.BLOCK);
      random = new Random(seed);
    }

    void take(Writer writer) {
      boolean here = writer.fate != Fate.ELSEWHERE;
      long aligned = here ? RecordFormat.align(writer.length()) : 0;
      long entries = expectedSequence - TestSegments.FIRST_SEQUENCE + 1;
      boolean fits = Footer.fileLength(expectedEnd + aligned, (int) entries) <= slab.size();
      long ticket = here ? slab.reserve(writer.length()) : slab.takeSequence();
      assertEquals(fits, ticket != Slab.FULL, "room for " + writer);
      if (fits) {
        assertEquals(expectedSequence++, slab.sequence(ticket));
        if (here) {
          assertEquals(expectedEnd, Slab.position(ticket));
        }
        expectedEnd += aligned;
        placed.add(new Placed(writer, ticket, random));
      }
    }

    /** Completes the places in any order, while the prefix ends at the first that is missing. */
    void complete() {
      List<Placed> order = new ArrayList<>(placed);
      Collections.shuffle(order, random);
      List<Placed> missing = new ArrayList<>(placed);
      missing.removeIf(each -> each.writer.fate == Fate.ELSEWHERE);
      int prefix = FileHeader.LENGTH;
      for (Placed each : order) {
        complete(each);
        slab.settle();
        missing.remove(each);
        int expected = missing.isEmpty() ? slab.end() : Slab.position(missing.get(0).ticket);
        prefix = slab.completedPrefix(prefix);
        assertEquals(expected, prefix);
        assertEquals(expected, slab.completedPrefix(FileHeader.LENGTH));
      }
    }

    private void complete(Placed each) {
      switch (each.writer.fate) {
        case MARK ->
            TestSegments.write(slab, each.ticket, each.writer.kind(), new byte[0], new byte[8]);
        case ABANDON -> slab.abandon(each.ticket, each.writer.length());
        case ELSEWHERE -> {}
        default -> TestSegments.write(slab, each.ticket, each.writer.kind(), each.key, each.value);
      }
    }

    void refuse() {
      for (Placed each : placed) {
        if (each.writer.fate == Fate.REFUSED) {
          int at = Slab.position(each.ticket);
          slab.voidRecords(at, at + (int) RecordFormat.align(each.writer.length()));
        }
      }
    }

    List<Placed> survivors() {
      return placed.stream()
          .filter(each -> each.writer.fate == Fate.PUT || each.writer.fate == Fate.TOMBSTONE)
          .toList();
    }

    Entry entry(Placed each) {
      long[] hash = new long[2];
      TestSegments.HASHER.hash(each.key, hash);
      return new Entry(
          hash[0],
          hash[1],
          Slab.position(each.ticket),
          each.writer.length(),
          slab.sequence(each.ticket),
          each.writer.kind());
    }
  }

  @Property(tries = 1000)
  void finishingGivesExactlyTheRecordsThatWerePut(
      @ForAll("writers") List<Writer> writers, @ForAll long seed) throws IOException {
    Run run = new Run(1 + (int) Math.floorMod(seed, 4L), seed);
    writers.forEach(run::take);
    run.slab.seal();
    assertEquals(run.placed.isEmpty(), run.slab.isSettled());
    run.complete();
    run.refuse();
    assertTrue(run.slab.isSettled());
    byte[] image = TestSegments.finish(run.slab);
    check(run, image);
  }

  private static void check(Run run, byte[] image) throws IOException {
    SegmentFile file = TestSegments.open(image);
    assertNull(file.damage());
    assertEquals(run.survivors().stream().map(run::entry).toList(), TestSegments.entries(file));
    assertEquals(run.expectedEnd, file.trailer().recordsEnd());
    assertEquals(run.expectedSequence - 1, file.trailer().highestSequence());
    SegmentScanner scanner = TestSegments.scanner(image);
    scanner.scan(FileHeader.LENGTH, run.expectedEnd);
    assertEquals(List.of(), scanner.findings());
    assertEquals(run.survivors().size(), scanner.puts() + scanner.tombstones());
    MappedSegment mapped = TestSegments.map(image);
    for (Placed each : run.survivors()) {
      int at = Slab.position(each.ticket) + RecordFormat.HEADER_LENGTH;
      byte[] key = new byte[each.key.length];
      mapped.copyTo(key, at);
      assertArrayEquals(each.key, key);
      byte[] value = new byte[each.value.length];
      mapped.copyTo(value, at + key.length);
      assertArrayEquals(each.value, value);
    }
  }

  @Provide
  Arbitrary<List<Writer>> writers() {
    return Combinators.combine(
            Arbitraries.of(Fate.values()),
            Arbitraries.integers().between(1, 50),
            Arbitraries.integers().between(0, 1000))
        .as(Writer::new)
        .list()
        .ofMaxSize(60);
  }
}
