package dev.quarry.tool.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The system's own count of what a process had written to disk, where it keeps one: Linux. */
final class ProcessIo {

  private static final String FIELD = "write_bytes:";

  private ProcessIo() {}

  /** Bytes that a process of this user has caused to be written to the storage layer. */
  static OptionalLong bytesWritten(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/io")).stream()
          .filter(line -> line.startsWith(FIELD))
          .mapToLong(line -> Long.parseLong(line.substring(FIELD.length()).trim()))
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The same of this process. */
  static OptionalLong bytesWritten() {
    return bytesWritten(ProcessHandle.current().pid());
  }
}
