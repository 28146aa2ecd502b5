package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What is in a LOCK, see {@code docs/formats/store.md}: the token of the store that locked the file
 * last, and a line for people about its process.
 */
final class LockHolder {

  /** Characters of a token: 128 random bits in hexadecimal. */
  static final int TOKEN_LENGTH = 32;

  /** Bytes in the file, spaces and a line feed at its end included. */
  static final int LENGTH = 256;

  private LockHolder() {}

  /** The content for a new holder, which is this process. */
  static byte[] next() {
    byte[] token = new byte[TOKEN_LENGTH / 2];
    new SecureRandom().nextBytes(token);
    String text = HexFormat.of().formatHex(token) + '\n' + thisProcess();
    byte[] content = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), LENGTH);
    Arrays.fill(content, Math.min(LENGTH, text.length()), LENGTH, (byte) ' ');
    content[LENGTH - 1] = '\n';
    return content;
  }

  private static String thisProcess() {
    ProcessHandle process = ProcessHandle.current();
    String start = process.info().startInstant().map(Object::toString).orElse("an unknown time");
    return "process " + process.pid() + " on " + host() + ", running since " + start;
  }

  /** The name of the machine, or container, without a question to the network. */
  private static String host() {
    try {
      String name =
          Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.US_ASCII);
      return name.strip();
    } catch (IOException e) {
      return "an unknown machine";
    }
  }

  /** The line about the process, from what remains of a file's content. */
  static String describe(ByteBuffer content) {
    byte[] bytes = new byte[content.remaining()];
    content.get(bytes);
    if (bytes.length <= TOKEN_LENGTH || bytes[TOKEN_LENGTH] != '\n') {
      return "an unknown process";
    }
    return new String(bytes, TOKEN_LENGTH, bytes.length - TOKEN_LENGTH, StandardCharsets.UTF_8)
        .strip();
  }
}
