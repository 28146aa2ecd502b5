package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.ID;
import static dev.quarry.segment.TestSegments.SALT;
import static dev.quarry.segment.TestSegments.STORE;
import static dev.quarry.segment.TestSegments.little;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RecordFormatTest {

  private static final int AT = 64;

  /** A slab with a put at {@link #AT}. */
  private static byte[] image() {
    Slab slab = TestSegments.slab(Disk.BLOCK);
    TestSegments.put(slab, "key", "value");
    return TestSegments.image(slab, Disk.BLOCK);
  }

  private static boolean isHeader(byte[] image, int offset, long salt) {
    return RecordFormat.isHeader(little(image), offset, salt);
  }

  /** Whether a header that is intact is taken for one, with these fields. */
  private static boolean isPossible(long length, int keyLength, int kind) {
    byte[] image = new byte[Disk.BLOCK];
    TestSegments.putHeader(image, AT, length, keyLength, (byte) kind);
    return isHeader(image, AT, SALT);
  }

  @Test
  void fieldsAreReadAsTheyWereWritten() {
    ByteBuffer buffer = little(new byte[Disk.BLOCK]);
    RecordFormat.encodeHeader(
        buffer, 128, SALT, 0x8000_8000L, 1L << 55, 0x87654321, 0xFFFF, RecordFormat.PUT);
    buffer.putInt(128, 0x8000_8000);
    assertTrue(RecordFormat.isHeader(buffer, 128, SALT));
    assertEquals(0x8000_8000L, RecordFormat.length(buffer, 128));
    assertEquals(1L << 55, RecordFormat.sequence(buffer, 128));
    assertEquals(0x87654321, RecordFormat.payloadCrc(buffer, 128));
    assertEquals(0xFFFF, RecordFormat.keyLength(buffer, 128));
    assertEquals(0x8000_8000L - 24 - 0xFFFF, RecordFormat.valueLength(buffer, 128));
    assertEquals(RecordFormat.PUT, RecordFormat.kind(buffer, 128));
  }

  @Test
  void aRecordIsAHeaderWhereItWasWritten() {
    assertTrue(isHeader(image(), AT, SALT));
  }

  @Test
  void zerosAreNoHeader() {
    assertFalse(isHeader(new byte[Disk.BLOCK], AT, SALT));
  }

  @Test
  void everyFlippedBitOfAHeaderIsNoticed() {
    byte[] image = image();
    for (int bit = AT * 8; bit < (AT + RecordFormat.HEADER_LENGTH) * 8; bit++) {
      assertFalse(isHeader(TestSegments.flip(image, bit), AT, SALT), "bit " + bit);
    }
  }

  @Test
  void aRecordMovedWithinItsSegmentIsRefused() {
    byte[] image = image();
    for (int to = 0; to < Disk.BLOCK - 64; to += RecordFormat.ALIGNMENT) {
      byte[] moved = new byte[Disk.BLOCK];
      System.arraycopy(image, AT, moved, to, 64);
      assertEquals(to == AT, isHeader(moved, to, SALT), "moved to " + to);
    }
  }

  @Test
  void aRecordOfAnotherSegmentIsRefused() {
    byte[] image = image();
    for (long id = 0; id < 10_000; id++) {
      assertEquals(id == ID, isHeader(image, AT, RecordFormat.salt(STORE, id)), "segment " + id);
    }
  }

  @Test
  void aRecordOfAnotherStoreIsRefused() {
    byte[] image = image();
    long high = STORE.getMostSignificantBits();
    long low = STORE.getLeastSignificantBits();
    for (int bit = 0; bit < 64; bit++) {
      UUID oneHigh = new UUID(high ^ 1L << bit, low);
      UUID oneLow = new UUID(high, low ^ 1L << bit);
      assertFalse(isHeader(image, AT, RecordFormat.salt(oneHigh, ID)));
      assertFalse(isHeader(image, AT, RecordFormat.salt(oneLow, ID)));
    }
    assertFalse(isHeader(image, AT, RecordFormat.salt(new UUID(low, high), ID)));
  }

  @Test
  void lengthsAndKindsThatCannotBeAreRefused() {
    assertTrue(isPossible(24 + 1, 1, RecordFormat.PUT));
    assertFalse(isPossible(24, 0, RecordFormat.PUT), "no key");
    assertFalse(isPossible(24 + 4, 5, RecordFormat.PUT), "a key longer than the record");
    assertFalse(isPossible(23, 1, RecordFormat.PUT), "shorter than a header");
    assertFalse(isPossible(1, 0xFFFF, RecordFormat.PUT), "shorter than a header");
    assertTrue(isPossible(24 + 3, 3, RecordFormat.TOMBSTONE));
    assertFalse(isPossible(24 + 4, 3, RecordFormat.TOMBSTONE), "a tombstone with a value");
    assertFalse(isPossible(24, 0, RecordFormat.TOMBSTONE), "no key");
    assertTrue(isPossible(24 + 8, 0, RecordFormat.COMMIT_MARK));
    assertFalse(isPossible(24 + 9, 0, RecordFormat.COMMIT_MARK), "another length");
    assertFalse(isPossible(24 + 8, 1, RecordFormat.COMMIT_MARK), "a mark with a key");
    assertTrue(isPossible(24, 0, RecordFormat.VOID));
    assertTrue(isPossible(24 + 1000, 0, RecordFormat.VOID));
    assertFalse(isPossible(23, 0, RecordFormat.VOID), "shorter than a header");
    assertFalse(isPossible(24 + 8, 3, RecordFormat.VOID), "a void with a key");
    for (int kind : new int[] {0, 7, 8, 127, 128, 255}) {
      assertFalse(isPossible(24 + 8, 3, kind), "kind " + kind);
      assertFalse(isPossible(24 + 32, 0, kind), "kind " + kind);
    }
  }

  @Test
  void aBatchHasNoKeyAndAtLeastOneWholeEntry() {
    for (byte kind : new byte[] {RecordFormat.EVICTIONS, RecordFormat.REPLACES}) {
      assertTrue(isPossible(24 + 32, 0, kind));
      assertTrue(isPossible(24 + 32 * 1024, 0, kind));
      assertFalse(isPossible(24, 0, kind), "no entry");
      assertFalse(isPossible(24 + 8, 0, kind), "a part of an entry");
      assertFalse(isPossible(24 + 33, 0, kind), "more than an entry");
      assertFalse(isPossible(24 + 32 + 32, 32, kind), "a key");
      assertFalse(isPossible(23, 0, kind), "shorter than a header");
      assertFalse(isPossible(0xFFFF_FFE0L - 32 + 24, 0, kind), "longer than a buffer can be");
    }
  }

  @Test
  void noValueIsLongerThanABufferCanBe() {
    long longest = 24 + 3 + (long) Integer.MAX_VALUE;
    assertTrue(isPossible(longest, 3, RecordFormat.PUT));
    assertFalse(isPossible(longest + 1, 3, RecordFormat.PUT));
    assertFalse(isPossible(0xFFFF_FFFFL, 3, RecordFormat.PUT));
    assertFalse(isPossible(0xFFFF_FFFFL, 0, RecordFormat.VOID));
  }

  @Test
  void lengthsAreRoundedUpToWhereRecordsMayBegin() {
    assertEquals(0, RecordFormat.align(0));
    assertEquals(8, RecordFormat.align(1));
    assertEquals(8, RecordFormat.align(8));
    assertEquals(16, RecordFormat.align(9));
    assertEquals(0x1_0000_0000L, RecordFormat.align(0xFFFF_FFFFL));
    assertEquals(24 + 65535 + (1L << 31) - 1, RecordFormat.length(65535, Integer.MAX_VALUE));
  }
}
