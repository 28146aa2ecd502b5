package dev.quarry.tool.terminal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class KeyTextTest {

  @Property
  void whatIsShownIsReadBackAsTheSameBytes(@ForAll byte[] key) {
    assertArrayEquals(key, KeyText.parse(KeyText.show(key)).bytes());
  }

  @Property
  void whatIsShownIsOneLineThatCanBePrinted(@ForAll byte[] key) {
    String shown = KeyText.show(key);

    assertTrue(shown.codePoints().noneMatch(Character::isISOControl), shown);
    assertEquals(1, ("[" + shown + "]").lines().count());
  }

  @Property
  void textOfAnyKindIsReadBack(@ForAll String text) {
    byte[] key = text.getBytes(StandardCharsets.UTF_8);

    assertArrayEquals(key, KeyText.parse(KeyText.show(key)).bytes());
  }

  @Test
  void plainTextIsShownAsItIs() {
    assertEquals("a/b c.ключ.日本", show("a/b c.ключ.日本"));
  }

  @Test
  void whatCannotBePrintedIsShownAsBytes() {
    assertEquals("\\x00\\x09\\x0a\\x7f", show("\0\t\n\u007f"));
    assertEquals("\\xe2\\x80\\xa8", show("\u2028"));
    assertEquals("\\xfe\\xff", KeyText.show(new byte[] {(byte) 0xFE, (byte) 0xFF}));
    assertEquals("a\\xc3b", KeyText.show(new byte[] {'a', (byte) 0xC3, 'b'}));
    assertEquals("\\xc3", KeyText.show(new byte[] {(byte) 0xC3}));
    assertEquals("\\\\x41", show("\\x41"));
  }

  @Test
  void bytesAreReadInEitherCase() {
    assertArrayEquals(new byte[] {(byte) 0xAB, (byte) 0xAB}, KeyText.parse("\\xab\\xAB").bytes());
  }

  @Test
  void aBackslashThatBeginsNothingIsRefused() {
    for (String text : new String[] {"\\", "\\x", "\\x1", "\\x1g", "\\n", "\\\\\\"}) {
      assertThrows(IllegalArgumentException.class, () -> KeyText.parse(text), text);
    }
  }

  private static String show(String text) {
    return KeyText.show(text.getBytes(StandardCharsets.UTF_8));
  }
}
