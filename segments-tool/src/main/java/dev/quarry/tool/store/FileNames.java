package dev.quarry.tool.store;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * File names as the bytes that they are to the system. A {@link Path}'s text is not enough where a
 * name is not text in the encoding of the locale; its URI has every byte.
 */
final class FileNames {

  private FileNames() {}

  /** The bytes of an absolute path. */
  static byte[] bytes(Path path) {
    String raw = path.toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
    for (int at = 0; at < raw.length(); at++) {
      if (raw.charAt(at) == '%') {
        bytes.write(Integer.parseInt(raw, at + 1, at + 3, 16));
        at += 2;
      } else {
        bytes.write(raw.charAt(at));
      }
    }
    return bytes.toByteArray();
  }

  /** The path with one more name, given as its bytes, none of them zero. */
  static Path resolve(Path directory, byte[] name) {
    StringBuilder raw = new StringBuilder(directory.toUri().getRawPath());
    if (raw.charAt(raw.length() - 1) != '/') {
      raw.append('/');
    }
    for (byte value : name) {
      raw.append(String.format("%%%02x", value));
    }
    return Path.of(URI.create("file://" + raw));
  }

  /** The part of a path below one of its parents, as bytes. */
  static byte[] below(Path parent, Path path) {
    String text = parent.relativize(path).toString();
    if (text.indexOf('\uFFFD') < 0) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    byte[] whole = bytes(path);
    int start = bytes(parent.resolve("x")).length - 1;
    byte[] rest = new byte[whole.length - start];
    System.arraycopy(whole, start, rest, 0, rest.length);
    return rest;
  }
}
