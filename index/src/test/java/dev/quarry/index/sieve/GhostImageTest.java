package dev.quarry.index.sieve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class GhostImageTest {

  private static final int OBJECTS = 60_000;

  private static Ghost ghost(int evicted) {
    Ghost ghost = new Ghost(OBJECTS, () -> OBJECTS);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < evicted; i++) {
      ghost.add(random.nextLong(), random.nextLong(), 1);
    }
    return ghost;
  }

  private static byte[] bytes(Ghost ghost) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ghost
        .image()
        .writeTo(
            piece -> {
              assertTrue(piece.remaining() <= 64 * 1024);
              while (piece.hasRemaining()) {
                out.write(piece.get());
              }
            });
    assertEquals(ghost.image().bytes(), out.size());
    return out.toByteArray();
  }

  private static Ghost read(byte[] bytes) {
    return GhostImage.read(ByteBuffer.wrap(bytes), OBJECTS, () -> OBJECTS);
  }

  @Test
  void aGhostReadBackAnswersAndGoesOnAsTheOneWritten() throws IOException {
    Ghost written = ghost(3 * OBJECTS + 1_000);
    Ghost read = read(bytes(written));
    assertEquals(written.memoryBytes(), read.memoryBytes());
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 5 * OBJECTS; i++) {
      long low = random.nextLong();
      long high = random.nextLong();
      assertEquals(written.contains(low, high), read.contains(low, high));
    }
    for (int i = 0; i < OBJECTS; i++) {
      long low = random.nextLong();
      written.add(low, low, 1);
      read.add(low, low, 1);
    }
    assertTrue(Arrays.equals(bytes(written), bytes(read)));
  }

  @Test
  void anEmptyGhostIsReadBack() throws IOException {
    assertEquals(0, read(bytes(ghost(0))).memoryBytes());
  }

  @Test
  void aSmallerCapacityKeepsTheYoungest() throws IOException {
    Ghost written = ghost(3 * OBJECTS);
    Ghost read = GhostImage.read(ByteBuffer.wrap(bytes(written)), OBJECTS / 4, () -> OBJECTS / 4);
    assertTrue(read.memoryBytes() < written.memoryBytes() / 2);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 3 * OBJECTS; i++) {
      boolean found = read.contains(random.nextLong(), random.nextLong());
      assertTrue(found || i < 3 * OBJECTS - OBJECTS / 4, "object " + i);
    }
  }

  @Test
  void theFormIsLittleEndianOnEveryMachine() throws IOException {
    Ghost ghost = new Ghost(100, () -> 1);
    ghost.add(0x0000_0000_0000_0001L, 0, 7);
    String expected =
        "0100000001000000"
            + "0700000000000000" // bytes
            + "0100000000000000" // hashes expected
            + "0100000000000000" // hashes in it
            + "0800000000000000" // longs
            + "0200000000000000" // bit 1 of the first, bit 0 of the others
            + "0100000000000000".repeat(7);
    assertEquals(expected, HexFormat.of().formatHex(bytes(ghost)));
  }

  @Test
  void anImageCutShortOrTooLongIsRefused() throws IOException {
    byte[] whole = bytes(smallGhost());
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(IllegalArgumentException.class, () -> read(cut), "length " + length);
    }
    byte[] longer = Arrays.copyOf(whole, whole.length + 1);
    assertThrows(IllegalArgumentException.class, () -> read(longer));
  }

  private static Ghost smallGhost() {
    Ghost ghost = new Ghost(3, () -> 1);
    for (int i = 0; i < 5; i++) {
      ghost.add(i, i, 1);
    }
    return ghost;
  }

  @Property
  void aDamagedNumberIsRefusedOrHarmless(@ForAll long number, @ForAll int at) throws IOException {
    byte[] image = bytes(smallGhost());
    int offset = Math.floorMod(at, image.length / 8) * 8;
    ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, number);
    try {
      Ghost read = read(image);
      assertTrue(read.memoryBytes() <= 2L * image.length + 32 * 64);
      read.add(1, 1, 1);
      assertTrue(read.contains(1, 1));
    } catch (IllegalArgumentException refused) {
      assertTrue(offset < image.length);
    }
  }
}
