package dev.quarry.tool.inspect;

import java.nio.ByteBuffer;
import net.openhft.chronicle.bytes.HexDumpBytes;

/** Bytes in hexadecimal, sixteen a line, with the offset before and a description behind them. */
final class HexLines {

  private static final int WIDTH = 16;

  private final HexDumpBytes dump = new HexDumpBytes();

  /**
   * @param start the offset of the first byte
   */
  HexLines(long start) {
    dump.numberWrap(WIDTH);
    dump.offsetFormat((offset, text) -> text.append(String.format("%08x  ", start + offset)));
  }

  /** Adds a field, on lines of its own. */
  void add(ByteBuffer bytes, String description) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    dump.writeHexDumpDescription(description);
    dump.write(copy);
  }

  /** Adds bytes, each line with those that are printable ASCII as text. */
  void addText(ByteBuffer bytes, String name) {
    while (bytes.hasRemaining()) {
      ByteBuffer line = bytes.slice(bytes.position(), Math.min(WIDTH, bytes.remaining()));
      bytes.position(bytes.position() + line.remaining());
      StringBuilder text = new StringBuilder(name).append(' ');
      for (int i = 0; i < line.remaining(); i++) {
        byte value = line.get(i);
        text.append(value >= ' ' && value < 0x7F ? (char) value : '.');
      }
      add(line, text.toString());
    }
  }

  /** The lines. */
  String text() {
    String text = dump.toHexString();
    dump.releaseLast();
    return text.stripTrailing() + "\n";
  }
}
