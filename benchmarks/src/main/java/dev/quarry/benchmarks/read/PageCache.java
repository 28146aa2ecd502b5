package dev.quarry.benchmarks.read;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The system's cache of files. */
final class PageCache {

  private static final Path CONTROL = Path.of("/proc/sys/vm/drop_caches");

  private PageCache() {}

  /** Drops all that is on disk; returns false where only root may, and this process is not. */
  static boolean drop() {
    try {
      Files.write(CONTROL, "3".getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
