package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.HEADER;
import static dev.quarry.segment.TestSegments.ID;
import static dev.quarry.segment.TestSegments.PATH;
import static dev.quarry.segment.TestSegments.STORE;
import static dev.quarry.segment.TestSegments.little;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FileHeaderTest {

  private static byte[] encoded(FileHeader header) {
    byte[] bytes = new byte[FileHeader.LENGTH];
    header.encode(little(bytes));
    return bytes;
  }

  private static FileHeader decode(byte[] bytes) {
    return FileHeader.decode(ByteBuffer.wrap(bytes), PATH, FileHeader.SEGMENT_MAGIC);
  }

  /** A header of another version, intact. */
  private static byte[] ofVersion(int version) {
    byte[] bytes = encoded(HEADER);
    little(bytes).putInt(FileHeader.VERSION_OFFSET, version);
    int checksum = Checksum.of(bytes, 0, FileHeader.CHECKSUM_OFFSET);
    little(bytes).putInt(FileHeader.CHECKSUM_OFFSET, checksum);
    return bytes;
  }

  @Test
  void readsWhatItWrote() {
    FileHeader header =
        new FileHeader(
            FileHeader.SEGMENT_MAGIC,
            new UUID(-2, Long.MIN_VALUE),
            0xFFFF_FFFFL,
            Long.MAX_VALUE >>> 8,
            Long.MAX_VALUE,
            0xFFFF_FFFEL);
    assertEquals(header, decode(encoded(header)));
  }

  @Test
  void isSixtyFourBytesThatEndWithTheChecksum() {
    assertEquals(64, FileHeader.LENGTH);
    assertEquals(FileHeader.LENGTH - 4, FileHeader.CHECKSUM_OFFSET);
  }

  @Test
  void everyFlippedBitIsCorruption() {
    byte[] bytes = encoded(HEADER);
    for (int bit = 0; bit < FileHeader.LENGTH * 8; bit++) {
      byte[] flipped = TestSegments.flip(bytes, bit);
      CorruptionException e =
          assertThrows(CorruptionException.class, () -> decode(flipped), "bit " + bit);
      assertEquals(PATH, e.file());
      assertTrue(e.getMessage().contains(PATH.toString()), e.getMessage());
    }
  }

  @Test
  void tooNewIsNotCorrupt() {
    FormatVersionException e =
        assertThrows(FormatVersionException.class, () -> decode(ofVersion(2)));
    assertEquals(2, e.found());
    assertTrue(e.getMessage().contains("version 2 is newer"), e.getMessage());
    assertTrue(e.getMessage().contains(PATH.toString()), e.getMessage());
  }

  @Test
  void tooOldIsNotTooNew() {
    FormatVersionException e =
        assertThrows(FormatVersionException.class, () -> decode(ofVersion(0)));
    assertEquals(0, e.found());
    assertTrue(e.getMessage().contains("version 0 is older"), e.getMessage());
  }

  @Test
  void aDamagedVersionIsCorruption() {
    byte[] bytes = ofVersion(2);
    bytes[FileHeader.STORE_ID_OFFSET] ^= 1;
    assertThrows(CorruptionException.class, () -> decode(bytes));
  }

  @Test
  void aFileOfAnotherKindIsCorruption() {
    byte[] store = encoded(new FileHeader(FileHeader.STORE_MAGIC, STORE, 0, 0, 0, 0));
    CorruptionException e = assertThrows(CorruptionException.class, () -> decode(store));
    assertEquals(FileHeader.MAGIC_OFFSET, e.offset());
  }

  @Test
  void aHeaderCutShortIsCorruption() {
    byte[] bytes = encoded(HEADER);
    for (int length = 0; length < FileHeader.LENGTH; length++) {
      byte[] cut = TestSegments.cut(bytes, length);
      CorruptionException e = assertThrows(CorruptionException.class, () -> decode(cut));
      assertEquals(length, e.offset());
    }
  }

  @Test
  void anotherStoresSegmentIsRefused() {
    ByteBuffer bytes = ByteBuffer.wrap(encoded(HEADER));
    UUID other = new UUID(STORE.getMostSignificantBits(), 0);
    CorruptionException e =
        assertThrows(
            CorruptionException.class, () -> FileHeader.decodeSegment(bytes, PATH, other, ID));
    assertEquals(FileHeader.STORE_ID_OFFSET, e.offset());
    assertTrue(e.getMessage().contains(other.toString()), e.getMessage());
  }

  @Test
  void anotherSegmentIsRefused() {
    ByteBuffer bytes = ByteBuffer.wrap(encoded(HEADER));
    CorruptionException e =
        assertThrows(
            CorruptionException.class, () -> FileHeader.decodeSegment(bytes, PATH, STORE, ID + 1));
    assertEquals(FileHeader.SEGMENT_ID_OFFSET, e.offset());
  }

  @Test
  void readingMovesNothing() {
    ByteBuffer bytes = ByteBuffer.allocate(100);
    bytes.put(0, encoded(HEADER));
    bytes.position(40);
    assertEquals(HEADER, FileHeader.decodeSegment(bytes, PATH, STORE, ID));
    assertEquals(40, bytes.position());
  }
}
