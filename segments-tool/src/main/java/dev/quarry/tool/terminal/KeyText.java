package dev.quarry.tool.terminal;

import dev.quarry.segment.RecordFormat;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Keys as text: UTF-8, with {@code \xNN} for each byte that is not part of it or cannot be printed,
 * and {@code \\} for a backslash. What is shown is what can be given, so no key is out of reach.
 */
public final class KeyText {

  private final byte[] bytes;

  private KeyText(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The text of a key that is known by its bytes. */
  public static KeyText of(byte[] bytes) {
    return new KeyText(bytes.clone());
  }

  /** The bytes that a text stands for. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * Reads a text.
   *
   * @throws IllegalArgumentException if a backslash in it begins nothing known
   */
  public static KeyText parse(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    int at = 0;
    while (at < text.length()) {
      int backslash = text.indexOf('\\', at);
      int end = backslash < 0 ? text.length() : backslash;
      bytes.writeBytes(text.substring(at, end).getBytes(StandardCharsets.UTF_8));
      at = backslash < 0 ? end : end + parseEscape(text, end, bytes);
    }
    return new KeyText(bytes.toByteArray());
  }

  /** Reads what a backslash begins, and tells how many characters that was. */
  private static int parseEscape(String text, int at, ByteArrayOutputStream bytes) {
    if (text.startsWith("\\\\", at)) {
      bytes.write('\\');
      return 2;
    }
    int high = at + 3 < text.length() ? Character.digit(text.charAt(at + 2), 16) : -1;
    int low = at + 3 < text.length() ? Character.digit(text.charAt(at + 3), 16) : -1;
    if (!text.startsWith("\\x", at) || high < 0 || low < 0) {
      throw new IllegalArgumentException(
          "the backslash at character " + (at + 1) + " begins neither \\\\ nor \\xNN");
    }
    bytes.write(high << 4 | low);
    return 4;
  }

  /** The text that stands for some bytes. */
  public static String show(byte[] bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    CharBuffer decoded = CharBuffer.allocate(bytes.length);
    StringBuilder text = new StringBuilder(bytes.length);
    while (rest.hasRemaining()) {
      CoderResult result = decoder.decode(rest, decoded.clear(), true);
      decoded.flip().codePoints().forEach(point -> showPoint(text, point));
      for (int i = 0; result.isMalformed() && i < result.length(); i++) {
        showByte(text, rest.get());
      }
      decoder.reset();
    }
    return text.toString();
  }

  private static void showPoint(StringBuilder text, int point) {
    if (point == '\\') {
      text.append("\\\\");
    } else if (isPrintable(point)) {
      text.appendCodePoint(point);
    } else {
      for (byte value : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
        showByte(text, value);
      }
    }
  }

  private static void showByte(StringBuilder text, byte value) {
    text.append(String.format("\\x%02x", value));
  }

  private static boolean isPrintable(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  @Override
  public String toString() {
    return show(bytes);
  }

  private static KeyText convertAny(String text) {
    try {
      return parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  /** Reads a key given on the command line: 1 to 65,535 bytes. */
  public static final class Key implements ITypeConverter<KeyText> {

    @Override
    public KeyText convert(String text) {
      KeyText key = convertAny(text);
      if (key.bytes.length == 0) {
        throw new TypeConversionException("the key is empty");
      }
      if (key.bytes.length > RecordFormat.MAX_KEY_LENGTH) {
        throw new TypeConversionException(
            "a key of "
                + key.bytes.length
                + " bytes is over the limit of "
                + RecordFormat.MAX_KEY_LENGTH
                + " bytes");
      }
      return key;
    }
  }

  /** Reads the beginning of keys, which may be empty. */
  public static final class Prefix implements ITypeConverter<KeyText> {

    @Override
    public KeyText convert(String text) {
      return convertAny(text);
    }
  }
}
