package dev.quarry.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class Xxh3KeyHashTest {

  @Test
  void equalsTheReferenceImplementationWithoutASeed() throws IOException {
    List<String> vectors = vectors();
    assertEquals(314, vectors.size());
    KeyHash hash = new Xxh3KeyHash(0);
    for (String vector : vectors) {
      String[] columns = vector.split(",", -1);
      int length = Integer.parseInt(columns[0]);
      assertEquals(columns[1], canonical(hash, message(length)), "length " + length);
    }
  }

  /** Made by version 0.8.4 of the reference implementation. */
  @Test
  void equalsTheReferenceImplementationWithASeed() {
    KeyHash hash = new Xxh3KeyHash(0x0123456789abcdefL);
    assertEquals("a4cb05dbbf09907aaaa287af24a9bb3a", canonical(hash, message(0)));
    assertEquals("12016bb9bdaa396e6dcb95d31de5966b", canonical(hash, message(1)));
    assertEquals("524cbe9711342115318245c87f163a23", canonical(hash, message(5)));
    assertEquals("23ba0f7dfacd86a8613ef350025dc6a6", canonical(hash, message(16)));
    assertEquals("970955beeb76b9a33da1583c400d8231", canonical(hash, message(17)));
    assertEquals("1845b13c2454f0789452dc98c8721146", canonical(hash, message(128)));
    assertEquals("db41a44b2a2e117d7b899134ceb2e943", canonical(hash, message(129)));
    assertEquals("d4e7e35d6856371323bdfbd98e5b2d95", canonical(hash, message(240)));
    assertEquals("53ab09c65afafe874cbae25b11e4b16b", canonical(hash, message(241)));
    assertEquals("aaee19658dfcce0073813c3e35237174", canonical(hash, message(1024)));
    assertEquals("54190c96687d2fb54cdb0c67941358f1", canonical(hash, message(4097)));
  }

  @Test
  void differsBySeed() {
    assertFalse(
        canonical(new Xxh3KeyHash(1), message(20))
            .equals(canonical(new Xxh3KeyHash(2), message(20))));
  }

  private static List<String> vectors() throws IOException {
    try (InputStream file = Xxh3KeyHashTest.class.getResourceAsStream("/xxh3-128.csv")) {
      String csv = new String(Objects.requireNonNull(file).readAllBytes(), UTF_8);
      return csv.lines().filter(line -> !line.startsWith("#")).skip(1).toList();
    }
  }

  /** The message of a length that the vectors are of. */
  private static byte[] message(int length) {
    byte[] message = new byte[length];
    for (int i = 0; i < length; i++) {
      message[i] = (byte) (i * 131 + 7 ^ i >> 8);
    }
    return message;
  }

  /** The high half, then the low half. */
  private static String canonical(KeyHash hash, byte[] message) {
    long[] result = new long[2];
    Arrays.fill(result, -1);
    hash.hash(message, result);
    for (ByteBuffer buffer :
        List.of(
            ByteBuffer.allocate(message.length + 9),
            ByteBuffer.allocateDirect(message.length + 9))) {
      long[] same = new long[2];
      buffer.order(ByteOrder.LITTLE_ENDIAN).put(0, message).limit(message.length);
      hash.hash(buffer, same);
      assertArrayEquals(result, same);
    }
    return String.format("%016x%016x", result[1], result[0]);
  }
}
