package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Annotated hex dumps, which the golden files and the pages of {@code docs/formats} are written in:
 * an offset in each line, then bytes, then what they mean behind a {@code #}. A {@code *} repeats
 * the line before it up to the offset of the line after it, and the last line has an offset only.
 */
public final class HexDump {

  private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private byte[] last = new byte[0];
  private boolean repeat;

  private HexDump() {}

  /** The bytes that a dump shows. */
  public static byte[] parse(String dump) {
    HexDump parser = new HexDump();
    dump.lines().forEach(parser::line);
    if (parser.last.length > 0) {
      throw new IllegalArgumentException("the dump does not end with the offset of its end");
    }
    return parser.bytes.toByteArray();
  }

  private void line(String line) {
    String content = line.replaceFirst("#.*", "").strip();
    if (content.equals("*")) {
      repeat = true;
    } else if (!content.isEmpty()) {
      String[] parts = content.split(" +", 2);
      skipTo(Integer.parseInt(parts[0], 16), line);
      last = parts.length == 1 ? new byte[0] : HEX.parseHex(parts[1].replaceAll(" +", " "));
      bytes.writeBytes(last);
    }
  }

  private void skipTo(int offset, String line) {
    while (repeat && bytes.size() < offset) {
      bytes.writeBytes(last);
    }
    repeat = false;
    if (bytes.size() != offset) {
      throw new IllegalArgumentException("at offset " + bytes.size() + ": " + line);
    }
  }

  /** Fails with the place of the first difference if there is one. */
  public static void assertSame(byte[] expected, byte[] actual, String what) {
    int at = Arrays.mismatch(expected, actual);
    if (at >= 0) {
      fail(
          String.format(
              "%s differs from offset 0x%x on%nexpected %s%n  actual %s",
              what, at, excerpt(expected, at), excerpt(actual, at)));
    }
  }

  private static String excerpt(byte[] bytes, int at) {
    int from = Math.min(at & -8, bytes.length);
    return HEX.formatHex(bytes, from, Math.min(from + 24, bytes.length)) + " of " + bytes.length;
  }
}
