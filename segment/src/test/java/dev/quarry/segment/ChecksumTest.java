package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ChecksumTest {

  /** The examples of RFC 3720, appendix B.4, and the check value of the usual catalogues. */
  @Test
  void equalsThePublishedExamples() {
    byte[] bytes = new byte[32];
    assertEquals(0x8a9136aa, all(bytes));
    Arrays.fill(bytes, (byte) 0xff);
    assertEquals(0x62a8ab43, all(bytes));
    for (int i = 0; i < 32; i++) {
      bytes[i] = (byte) i;
    }
    assertEquals(0x46dd794e, all(bytes));
    assertEquals(0xe3069283, all(TestSegments.bytes("123456789")));
    assertEquals(0, all(new byte[0]));
  }

  private static int all(byte[] bytes) {
    return Checksum.of(bytes, 0, bytes.length);
  }

  @Test
  void isTheSameHoweverTheBytesAreHeld() {
    byte[] bytes = TestSegments.bytes("..one and two..");
    int expected = Checksum.of(bytes, 2, 11);
    ByteBuffer heap = ByteBuffer.wrap(bytes, 2, 11);
    ByteBuffer direct = ByteBuffer.allocateDirect(15).put(bytes).position(2).limit(13);
    assertEquals(expected, Checksum.of(direct.duplicate()));
    assertEquals(expected, Checksum.of(direct.asReadOnlyBuffer()));
    assertEquals(expected, Checksum.of(heap.slice(2, 3), direct.slice().position(3)));
    assertEquals(expected, Checksum.of(heap));
    assertEquals(heap.limit(), heap.position());
  }
}
