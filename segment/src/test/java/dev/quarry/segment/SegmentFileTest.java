package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.HASHER;
import static dev.quarry.segment.TestSegments.HEADER;
import static dev.quarry.segment.TestSegments.ID;
import static dev.quarry.segment.TestSegments.PATH;
import static dev.quarry.segment.TestSegments.STORE;
import static dev.quarry.segment.TestSegments.cut;
import static dev.quarry.segment.TestSegments.damaged;
import static dev.quarry.segment.TestSegments.entries;
import static dev.quarry.segment.TestSegments.little;
import static dev.quarry.segment.TestSegments.open;
import static dev.quarry.segment.TestSegments.put;
import static dev.quarry.segment.TestSegments.trailer;
import static dev.quarry.segment.TestSegments.withTrailer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.segment.TestSegments.Entry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SegmentFileTest {

  /** Seven records in two blocks, and the footer. */
  private static byte[] image() {
    Slab slab = TestSegments.slab(4 * Disk.BLOCK);
    put(slab, "a", "1");
    put(slab, "b", "x".repeat(5000));
    TestSegments.mark(slab, slab.end());
    TestSegments.tombstone(slab, "a");
    TestSegments.refused(slab, "c", "3");
    slab.takeSequence();
    slab.settle();
    put(slab, "d", "");
    TestSegments.mark(slab, slab.end());
    return TestSegments.finish(slab);
  }

  private static CorruptionException refusal(byte[] image) {
    CorruptionException e = assertThrows(CorruptionException.class, () -> open(image));
    assertEquals(PATH, e.file());
    assertTrue(e.getMessage().contains(PATH.toString()), e.getMessage());
    assertTrue(e.offset() >= 0 && e.offset() <= image.length, e.getMessage());
    return e;
  }

  private static CorruptionException damage(SegmentFile file) {
    CorruptionException damage = file.damage();
    assertNotNull(damage);
    return damage;
  }

  @Test
  void readsItsEndsWithoutDamage() throws IOException {
    byte[] image = image();
    SegmentFile file = open(image);
    assertNull(file.damage());
    assertEquals(PATH, file.path());
    assertEquals(trailer(image), file.trailer());
    assertEquals(4, entries(file).size());
    assertEquals(1000, file.trailer().lowestSequence());
    assertEquals(1007, file.trailer().highestSequence());
    assertEquals(8192, file.trailer().fileLength());
  }

  @Test
  void aSegmentWithoutEntriesIsOne() throws IOException {
    Slab slab = TestSegments.slab(Disk.BLOCK);
    TestSegments.mark(slab, 64);
    SegmentFile file = open(TestSegments.finish(slab));
    assertNull(file.damage());
    assertEquals(List.of(), entries(file));
  }

  @Test
  void aDamagedHeaderIsMadeGoodByTheTrailer() throws IOException {
    byte[] image = image();
    SegmentFile file = open(damaged(image, FileHeader.FIRST_SEQUENCE_OFFSET));
    assertEquals(FileHeader.CHECKSUM_OFFSET, damage(file).offset());
    assertEquals(entries(open(image)), entries(file));
    assertEquals(trailer(image), file.trailer());
  }

  @Test
  void damagedEntriesAreMadeGoodByTheRecords() throws IOException {
    byte[] image = image();
    int end = (int) trailer(image).recordsEnd();
    for (int at = end; at < end + 4 * Footer.ENTRY_LENGTH; at++) {
      SegmentFile file = open(damaged(image, at));
      assertEquals(end, damage(file).offset());
      assertEquals(entries(open(image)), entries(file));
      assertEquals(trailer(image), file.trailer(), "the trailer is good and stays as it is");
    }
  }

  @Test
  void aDamagedTrailerIsMadeGoodByTheRecords() throws IOException {
    byte[] image = image();
    for (int at = image.length - Footer.TRAILER_LENGTH; at < image.length; at++) {
      SegmentFile file = open(damaged(image, at));
      assertTrue(damage(file).offset() >= image.length - Footer.TRAILER_LENGTH);
      assertEquals(entries(open(image)), entries(file));
      assertEquals(trailer(image).recordsEnd(), file.trailer().recordsEnd());
      assertEquals(trailer(image).entriesCrc(), file.trailer().entriesCrc());
      assertEquals(trailer(image).lowestSequence(), file.trailer().lowestSequence());
      assertEquals(1006, file.trailer().highestSequence(), "of the last put or tombstone");
    }
  }

  @Test
  void damageToTwoOfTheThreeIsRefused() {
    byte[] image = image();
    int entry = (int) trailer(image).recordsEnd() + 3;
    int trailer = image.length - 20;
    assertEquals(FileHeader.CHECKSUM_OFFSET, refusal(damaged(damaged(image, 17), entry)).offset());
    assertEquals(
        FileHeader.CHECKSUM_OFFSET, refusal(damaged(damaged(image, 17), trailer)).offset());
    assertTrue(refusal(damaged(damaged(image, entry), trailer)).offset() > image.length - 64);
  }

  @Test
  void entriesAreNotMadeOfDamagedKeys() {
    byte[] image = image();
    int key = FileHeader.LENGTH + RecordFormat.HEADER_LENGTH;
    refusal(damaged(damaged(image, key), (int) trailer(image).recordsEnd()));
    refusal(damaged(damaged(image, key), image.length - 1));
  }

  /** The chain of headers is broken at its start, and nothing but the trailer tells of its end. */
  @Test
  void aSegmentIsNeverTakenForAnEmptyOne() {
    byte[] image = cut(image(), Disk.BLOCK);
    refusal(damaged(damaged(image, FileHeader.LENGTH), image.length - 1));
    Slab slab = TestSegments.slab(4 * Disk.BLOCK);
    put(slab, "a", "x".repeat(5000));
    refusal(cut(TestSegments.finish(slab), Disk.BLOCK));
  }

  @Test
  void anotherVersionIsNotDamage() {
    byte[] image = image();
    little(image).putInt(FileHeader.VERSION_OFFSET, 2);
    int checksum = Checksum.of(image, 0, FileHeader.CHECKSUM_OFFSET);
    little(image).putInt(FileHeader.CHECKSUM_OFFSET, checksum);
    assertThrows(FormatVersionException.class, () -> open(image));
  }

  @Test
  void aSegmentOfAnotherStoreOrIdIsRefused() {
    byte[] image = image();
    UUID other = new UUID(1, 2);
    assertThrows(
        CorruptionException.class,
        () -> SegmentFile.open(new OneFileDisk(image), PATH, other, ID, HASHER));
    assertThrows(
        CorruptionException.class,
        () -> SegmentFile.open(new OneFileDisk(image), PATH, STORE, ID + 1, HASHER));
  }

  @Test
  void aTrailerOfAnotherSegmentIsRefused() throws IOException {
    byte[] image = image();
    Slab slab = TestSegments.slab(4 * Disk.BLOCK, FileHeader.segment(STORE, ID + 1, 1000));
    put(slab, "z", "26");
    byte[] other = TestSegments.finish(slab);
    System.arraycopy(other, other.length - 64, image, image.length - 64, 64);
    SegmentFile file = open(image);
    assertNotNull(file.damage());
    assertEquals(entries(open(image())), entries(file));
  }

  @Test
  void noFileThatWasCutIsTakenForASegment() {
    byte[] image = image();
    for (int length = 0; length < image.length; length++) {
      byte[] file = cut(image, length);
      CorruptionException e = refusal(file);
      if (length % Disk.BLOCK != 0 || length == 0) {
        assertEquals(length, e.offset());
      }
    }
  }

  @Test
  void aFileThatGrewIsRefused() {
    byte[] image = image();
    refusal(Arrays.copyOf(image, image.length + 1));
    refusal(Arrays.copyOf(image, image.length + Disk.BLOCK));
    byte[] doubled = Arrays.copyOf(image, image.length * 2);
    System.arraycopy(image, 0, doubled, image.length, image.length);
    refusal(doubled);
  }

  @Test
  void trailersThatCannotBeAreRefusedAlthoughTheirChecksumIsRight() {
    byte[] image = image();
    Trailer good = trailer(image);
    long length = image.length;
    long[] ends = {0, 63, good.recordsEnd() + 8, length, length * 2, Long.MAX_VALUE, -1, 1L << 63};
    int[] counts = {0, 3, 5, 1000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 1 << 27};
    for (long end : ends) {
      for (int count : counts) {
        for (long claimed : new long[] {length, Footer.fileLength(end, count), 0, -1}) {
          byte[] changed =
              withTrailer(
                  image, new Trailer(ID, end, count, good.entriesCrc(), 1000, 1007, claimed, 0));
          refusalOrGood(changed, image);
        }
      }
    }
  }

  @Test
  void trailersWithMoreSegmentsReplacedThanEntriesAreRefused() throws IOException {
    byte[] image = image();
    Trailer good = trailer(image);
    for (int replaced : new int[] {5, 1 << 30, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      byte[] changed = withTrailer(image, withReplaced(good, replaced));
      SegmentFile file = open(changed);
      assertNotNull(file.damage(), "the records prove that there is none");
      assertEquals(0, file.trailer().replaced());
      assertThrows(CorruptionException.class, () -> openTrailer(changed));
    }
    assertEquals(4, openTrailer(withTrailer(image, withReplaced(good, 4))).replaced());
  }

  private static Trailer withReplaced(Trailer good, int replaced) {
    return new Trailer(
        ID,
        good.recordsEnd(),
        good.entries(),
        good.entriesCrc(),
        1000,
        1007,
        good.fileLength(),
        replaced);
  }

  private static Trailer openTrailer(byte[] image) throws IOException {
    OneFileDisk disk = new OneFileDisk(image);
    try {
      return SegmentFile.openTrailer(disk, PATH, STORE, ID);
    } finally {
      disk.assertNothingOpen();
    }
  }

  @Test
  void theTrailerAloneIsReadOrRefused() throws IOException {
    byte[] image = image();
    assertEquals(trailer(image), openTrailer(image));
    for (int at = image.length - Footer.TRAILER_LENGTH; at < image.length; at++) {
      byte[] changed = damaged(image, at);
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> openTrailer(changed), "byte " + at);
      assertTrue(e.offset() >= image.length - Footer.TRAILER_LENGTH, e.getMessage());
    }
    for (int length : new int[] {0, 63, 64, 4095, 4096, 8191}) {
      assertThrows(CorruptionException.class, () -> openTrailer(cut(image, length)));
    }
    assertThrows(
        CorruptionException.class,
        () -> SegmentFile.openTrailer(new OneFileDisk(image), PATH, STORE, ID + 1));
  }

  /** More entries than records have room, and more than an array has. */
  @Test
  void noTrailerMakesForAHugeAllocation() {
    long length = 1L << 40;
    for (int count : new int[] {1 << 20, 67_108_864, Integer.MAX_VALUE}) {
      for (long end : new long[] {length - 64 - count * 32L, FileHeader.LENGTH}) {
        byte[] bytes = new byte[Footer.TRAILER_LENGTH];
        long claimed = Footer.fileLength(end, count);
        new Trailer(ID, end, count, 0, 1, 2, claimed, 0)
            .encode(little(bytes), 0, TestSegments.SALT);
        if (count > 1 << 20 || end == FileHeader.LENGTH) {
          assertThrows(
              CorruptionException.class,
              () -> Trailer.decode(little(bytes), 0, PATH, claimed, TestSegments.SALT));
        }
      }
    }
  }

  @Test
  void entriesThatLeadOutOfTheRecordsAreRefusedAlthoughTheirChecksumIsRight() {
    byte[] image = image();
    Trailer good = trailer(image);
    int first = (int) good.recordsEnd();
    long[][] places = {
      {0, 32},
      {56, 32},
      {good.recordsEnd(), 32},
      {64, 0xFFFF_FFFFL},
      {64, good.recordsEnd()},
      {0xFFFF_FFFFL * 8, 32},
      {good.recordsEnd() - 24, 25},
      {64, 0},
      {64, 24}
    };
    for (long[] place : places) {
      byte[] changed = image.clone();
      Footer.putEntry(little(changed), first, 0, 0, place[0], place[1], 1000, RecordFormat.PUT);
      refusalOrGood(withNewEntriesCrc(changed, good), image);
    }
    for (byte kind : new byte[] {0, RecordFormat.COMMIT_MARK, RecordFormat.VOID, -1}) {
      byte[] changed = image.clone();
      Footer.putEntry(little(changed), first, 0, 0, 64, 32, 1000, kind);
      refusalOrGood(withNewEntriesCrc(changed, good), image);
    }
  }

  private static byte[] withNewEntriesCrc(byte[] image, Trailer good) {
    int crc = Checksum.of(image, (int) good.recordsEnd(), good.entries() * Footer.ENTRY_LENGTH);
    return withTrailer(
        image,
        new Trailer(ID, good.recordsEnd(), good.entries(), crc, 1000, 1007, good.fileLength(), 0));
  }

  /** Never an exception that is not typed, and never other entries. */
  private static void refusalOrGood(byte[] changed, byte[] image) {
    try {
      SegmentFile file = open(changed);
      assertEquals(entries(open(image)), entries(file));
      assertNotNull(file.damage());
    } catch (CorruptionException e) {
      assertEquals(PATH, e.file());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFailedReadIsNotDamage() throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    Path path = Path.of("/a.seg");
    Blocks.write(disk, path, 1);
    Disk failing =
        new FaultyDisk(
            disk,
            (operation, file) ->
                operation == FaultyDisk.Operation.READ ? new IOException("bad sector") : null);
    assertThrows(IOException.class, () -> SegmentFile.open(failing, path, STORE, ID, HASHER));
    assertEquals(List.of(), disk.openHandles());
  }

  @Test
  void aMissingFileIsNotDamage() {
    assertThrows(
        IOException.class,
        () -> SegmentFile.open(new SimulatedDisk(), Path.of("/none"), STORE, ID, HASHER));
  }

  @Test
  void twoSegmentsThatOnceHadTheSameIdDifferInTheirFingerprints() {
    byte[] image = image();
    Slab slab = TestSegments.slab(4 * Disk.BLOCK, HEADER);
    put(slab, "a", "1");
    byte[] other = TestSegments.finish(slab);
    assertTrue(trailer(image).fingerprint() != trailer(other).fingerprint());
    assertEquals(trailer(image).fingerprint(), trailer(image()).fingerprint());
  }

  @Test
  void entriesSayWhatTheRecordsAre() throws IOException {
    long[] hash = new long[2];
    HASHER.hash(TestSegments.bytes("b"), hash);
    assertEquals(
        new Entry(hash[0], hash[1], 96, 24 + 1 + 5000, 1001, RecordFormat.PUT),
        entries(open(image())).get(1));
  }
}
