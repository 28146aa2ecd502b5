package dev.quarry.index.keys;

import static dev.quarry.index.keys.KeyIndexFixture.all;
import static dev.quarry.index.keys.KeyIndexFixture.bytes;
import static dev.quarry.index.keys.KeyIndexFixture.drain;
import static dev.quarry.index.keys.KeyIndexFixture.hex;
import static dev.quarry.index.keys.KeyIndexFixture.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreClosedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KeyIndexTest {

  @TempDir private Path parent;
  private Path directory;
  private KeyIndex index;

  @BeforeEach
  void openIndex() {
    directory = parent.resolve("keyindex");
    index = KeyIndex.open(directory);
  }

  @AfterEach
  void closeIndex() {
    index.close();
  }

  private void reopen() {
    index.close();
    index = KeyIndex.open(directory);
  }

  @Test
  void aNewIndexIsEmptyAndCoversNothing() {
    assertEquals(List.of(), all(index));
    assertFalse(index.covers(0, 0));
  }

  @Test
  void keysComeInTheOrderOfTheirUnsignedBytes() {
    index.add(1, 1, keys("ff", "80", "7f", "00", "0000", "00ff", "01", "ffff", "7fff", "ff00"));
    index.add(2, 1, keys("02", "0001", "fe"));
    assertEquals(
        List.of(
            "00", "0000", "0001", "00ff", "01", "02", "7f", "7fff", "80", "fe", "ff", "ff00",
            "ffff"),
        all(index));
  }

  @Test
  void theLongestKeysAreKeptWhole() {
    String low = "ab".repeat(65_534) + "00";
    String high = "ab".repeat(65_534) + "01";
    index.add(1, 1, keys(high, low));
    reopen();
    assertEquals(List.of(low, high), all(index));
    assertEquals(List.of(high), drain(index.iterate(bytes(high), null)));
    assertEquals(List.of(low), drain(index.iterate(null, bytes(high))));
  }

  @Test
  void aKeyOfSeveralSegmentsComesOnce() {
    index.add(1, 1, keys("aa", "bb", "aa"));
    index.add(2, 1, keys("bb", "cc"));
    assertEquals(List.of("aa", "bb", "cc"), all(index));
  }

  @Test
  void theLowerBoundIsInTheRangeAndTheUpperIsNot() {
    index.add(1, 1, keys("10", "1000", "11", "20", "30"));
    assertEquals(List.of("10", "1000", "11"), drain(index.iterate(bytes("10"), bytes("20"))));
    assertEquals(List.of("1000", "11"), drain(index.iterate(bytes("1000"), bytes("20"))));
    assertEquals(List.of("20", "30"), drain(index.iterate(bytes("12"), null)));
    assertEquals(List.of("10", "1000", "11"), drain(index.iterate(null, bytes("1f"))));
    assertEquals(List.of("10"), drain(index.iterate(null, bytes("1000"))));
  }

  @Test
  void anEmptyOrInvertedRangeHasNoKeys() {
    index.add(1, 1, keys("10", "20", "30"));
    for (int reopened = 0; reopened < 2; reopened++) {
      assertEquals(List.of(), drain(index.iterate(bytes("20"), bytes("20"))));
      assertEquals(List.of(), drain(index.iterate(bytes("30"), bytes("10"))));
      assertEquals(List.of(), drain(index.iterate(bytes("31"), null)));
      assertEquals(List.of(), drain(index.iterate(null, bytes(""))));
      assertEquals(List.of("10", "20", "30"), drain(index.iterate(bytes(""), null)));
      reopen();
    }
  }

  @Test
  void sentinelsAreNeverSeenAsKeys() {
    index.add(0, 0, keys());
    index.add(-1, -1, keys());
    index.add(0x0100_0000_0000_0000L, 5, keys("00"));
    assertEquals(List.of("00"), all(index));
    assertEquals(List.of("00"), drain(index.iterate(bytes(""), bytes("ffff"))));
  }

  @Test
  void anAddedSegmentIsCoveredAlsoAfterAReopen() {
    index.add(7, 0xfeed_0000_0000_0007L, keys("07"));
    index.add(-7, 70, keys("70"));
    for (int reopened = 0; reopened < 2; reopened++) {
      assertTrue(index.covers(7, 0xfeed_0000_0000_0007L));
      assertTrue(index.covers(-7, 70));
      assertFalse(index.covers(8, 0xfeed_0000_0000_0007L));
      assertEquals(List.of("07", "70"), all(index));
      reopen();
    }
  }

  @Test
  void aSegmentWithAnotherFingerprintIsNotCovered() {
    index.add(7, 100, keys("aa"));
    assertFalse(index.covers(7, 101));

    index.add(7, 101, keys("bb"));
    assertTrue(index.covers(7, 101));
    assertFalse(index.covers(7, 100));
    assertEquals(List.of("aa", "bb"), all(index));
  }

  @Test
  void aSegmentIsNotCoveredWhenReadingItFailed() {
    IllegalStateException damage = new IllegalStateException("the segment is damaged");
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                index.add(
                    3,
                    30,
                    sink -> {
                      sink.put(bytes("aa"));
                      throw damage;
                    }));
    assertEquals(damage, thrown);
    assertFalse(index.covers(3, 30));

    index.add(3, 30, keys("aa", "bb"));
    assertTrue(index.covers(3, 30));
    assertEquals(List.of("aa", "bb"), all(index));
  }

  @Test
  void aDeletedKeyIsGoneAndMayComeBack() {
    index.add(1, 1, keys("aa", "bb", "cc"));
    index.add(2, 1, sink -> sink.delete(bytes("bb")));
    reopen();
    assertEquals(List.of("aa", "cc"), all(index));
    index.add(3, 1, keys("bb"));
    assertEquals(List.of("aa", "bb", "cc"), all(index));
  }

  @Test
  void theLastChangeOfAKeyInASegmentWins() {
    index.add(
        1,
        1,
        sink -> {
          sink.put(bytes("aa"));
          sink.delete(bytes("aa"));
          sink.delete(bytes("bb"));
          sink.put(bytes("bb"));
        });
    assertEquals(List.of("bb"), all(index));
  }

  @Test
  void deletingAKeyThatIsNotThereDoesNothing() {
    index.add(1, 1, sink -> sink.delete(bytes("aa")));
    assertEquals(List.of(), all(index));
    assertTrue(index.covers(1, 1));
  }

  @Test
  void segmentsThatAreNoMoreAreForgottenAndTheirKeysStay() {
    index.add(1, 10, keys("01"));
    index.add(2, 20, keys("02"));
    index.add(-3, 30, keys("03"));
    index.retain(segment -> segment == 2);
    for (int reopened = 0; reopened < 2; reopened++) {
      assertFalse(index.covers(1, 10));
      assertTrue(index.covers(2, 20));
      assertFalse(index.covers(-3, 30));
      assertEquals(List.of("01", "02", "03"), all(index));
      reopen();
    }
  }

  @Test
  void aCursorSeesTheIndexAsItWasWhenItWasMade() {
    index.add(1, 1, keys("10", "20", "30"));
    OrderedKeys unstarted = index.iterate(null, null);
    try (OrderedKeys started = index.iterate(null, null)) {
      assertTrue(started.next());
      index.add(
          2,
          1,
          sink -> {
            sink.put(bytes("15"));
            sink.delete(bytes("20"));
            sink.put(bytes("40"));
          });
      assertEquals("10", hex(started.key()));
      assertEquals(List.of("20", "30"), drain(started));
      assertEquals(List.of("10", "20", "30"), drain(unstarted));
      assertEquals(List.of("10", "15", "30", "40"), all(index));
    }
  }

  @Test
  void aCursorStaysBehindTheLastKey() {
    index.add(1, 1, keys("10"));
    try (OrderedKeys cursor = index.iterate(null, null)) {
      assertThrows(IllegalStateException.class, cursor::key);
      assertTrue(cursor.next());
      assertFalse(cursor.next());
      assertFalse(cursor.next());
      assertThrows(IllegalStateException.class, cursor::key);
    }
  }

  @Test
  void theKeyOfACursorIsTheCallersOwn() {
    index.add(1, 1, keys("10"));
    try (OrderedKeys cursor = index.iterate(null, null)) {
      assertTrue(cursor.next());
      cursor.key()[0] = 0;
      assertEquals("10", hex(cursor.key()));
    }
  }

  @Test
  void useAfterCloseThrowsAndASecondCloseDoesNothing() {
    index.add(1, 1, keys("10"));
    OrderedKeys unstarted = index.iterate(null, null);
    OrderedKeys started = index.iterate(null, null);
    assertTrue(started.next());
    index.close();
    index.close();

    assertThrows(StoreClosedException.class, unstarted::next);
    assertThrows(StoreClosedException.class, started::next);
    assertThrows(StoreClosedException.class, started::key);
    started.close();
    assertThrows(StoreClosedException.class, () -> index.covers(1, 1));
    assertThrows(StoreClosedException.class, () -> index.add(2, 2, keys("20")));
    assertThrows(StoreClosedException.class, () -> index.retain(segment -> true));
    assertThrows(StoreClosedException.class, () -> index.iterate(null, null));
    assertThrows(StoreClosedException.class, index::replaceDamaged);
    assertEquals(0, index.memoryBytes());
  }

  @Test
  void aClosedCursorThrowsAndTheIndexGoesOn() {
    index.add(1, 1, keys("10"));
    OrderedKeys cursor = index.iterate(null, null);
    assertTrue(cursor.next());
    cursor.close();
    cursor.close();
    assertThrows(StoreClosedException.class, cursor::next);
    assertThrows(StoreClosedException.class, cursor::key);
    assertEquals(List.of("10"), all(index));
  }

  @Test
  void closingTheIndexFromWithinAnAddStopsTheAdd() {
    assertThrows(
        StoreClosedException.class,
        () ->
            index.add(
                1,
                1,
                sink -> {
                  sink.put(bytes("10"));
                  index.close();
                }));
    index = KeyIndex.open(directory);
    assertFalse(index.covers(1, 1));
  }

  @Test
  void aSecondIndexOnTheSameDirectoryIsRefusedAndTheFirstGoesOn() {
    index.add(1, 1, keys("10"));
    KeyIndexUnavailableException refused =
        assertThrows(KeyIndexUnavailableException.class, () -> KeyIndex.open(directory));
    assertTrue(refused.getMessage().contains(directory.toString()), refused.getMessage());
    index.add(2, 2, keys("20"));
    reopen();
    assertEquals(List.of("10", "20"), all(index));
    assertTrue(index.covers(1, 1) && index.covers(2, 2));
  }

  @Test
  void aDirectoryThatCannotBeMadeIsAStoreFailure() throws Exception {
    assertThrows(
        KeyIndexUnavailableException.class,
        () -> KeyIndex.open(parent.resolve("missing/keyindex")));

    Path file = Files.writeString(parent.resolve("file"), "somebody else's");
    assertThrows(KeyIndexUnavailableException.class, () -> KeyIndex.open(file));
    assertEquals("somebody else's", Files.readString(file));
  }

  /** As with a full disk, or too few descriptors: nothing proves that what is there is damaged. */
  @Test
  void aGoodIndexThatCannotBeOpenedStays() throws Exception {
    index.add(1, 1, keys("10"));
    index.close();
    Path current = directory.resolve("CURRENT");
    Path aside = parent.resolve("aside");
    Files.move(current, aside);
    Files.createDirectory(current);
    for (int i = 0; i < 2; i++) {
      var refused =
          assertThrows(KeyIndexUnavailableException.class, () -> KeyIndex.open(directory));
      assertTrue(refused.getMessage().contains(directory.toString()), refused.getMessage());
    }
    Files.delete(current);
    Files.move(aside, current);
    index = KeyIndex.open(directory);
    assertTrue(index.covers(1, 1));
    assertEquals(List.of("10"), all(index));
  }

  @Test
  void aCursorGoesOnFromTheKeyThatItIsSentTo() {
    index.add(1, 1, keys("10", "20", "2000", "30"));
    try (OrderedKeys cursor = index.iterate(bytes("10"), bytes("30"))) {
      cursor.seek(bytes("11"));
      assertTrue(cursor.next());
      assertEquals("20", hex(cursor.key()));
      cursor.seek(bytes("2000"));
      assertTrue(cursor.next());
      assertEquals("2000", hex(cursor.key()));
      cursor.seek(bytes("40"));
      assertFalse(cursor.next());
      assertFalse(cursor.next());
    }
  }

  @Test
  void memoryIsCountedWhileOpenAndStaysSmall() {
    long before = index.memoryBytes();
    assertTrue(before > 0, () -> before + " bytes");
    byte[] key = new byte[1000];
    index.add(
        1,
        1,
        sink -> {
          for (int i = 0; i < 50_000; i++) {
            key[0] = (byte) (i >> 8);
            key[1] = (byte) i;
            sink.put(key);
          }
        });
    long after = index.memoryBytes();
    assertTrue(after > before && after < 40 << 20, () -> after + " bytes");
  }
}
