package dev.quarry.tool;

import dev.quarry.segment.Checksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Does to files what nobody should. */
public final class Damage {

  private static final int VERSION_OFFSET = 8;
  private static final int CHECKSUM_OFFSET = 60;

  private Damage() {}

  /** Flips a bit. */
  public static void flip(Path file, long offset) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) offset] ^= 1;
    Files.write(file, bytes);
  }

  /** Flips a bit of the first place where a file has a text. */
  public static long flip(Path file, String text) throws IOException {
    long offset = find(file, text);
    flip(file, offset);
    return offset;
  }

  /** Where a file has a text first. */
  public static long find(Path file, String text) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String content = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    int offset = content.indexOf(text);
    if (offset < 0) {
      throw new IllegalArgumentException(file + " does not hold " + text);
    }
    return offset;
  }

  /** Cuts a file. */
  public static void truncate(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  /** Makes a file one of a later format version, intact but for that. */
  public static void makeNewer(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(VERSION_OFFSET, 2);
    header.putInt(CHECKSUM_OFFSET, Checksum.of(header.slice(0, CHECKSUM_OFFSET)));
    Files.write(file, bytes);
  }

  /**
   * Copies all files of a store, as a crash would leave those of one that is open, but for its
   * reserve, which is long and means nothing.
   */
  public static void copy(Path store, Path copy) throws IOException {
    try (var paths = Files.walk(store)) {
      for (Path path : paths.filter(path -> !path.endsWith("RESERVE")).toList()) {
        Files.copy(path, copy.resolve(store.relativize(path).toString()));
      }
    }
  }
}
