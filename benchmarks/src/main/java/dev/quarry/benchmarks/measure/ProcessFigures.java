package dev.quarry.benchmarks.measure;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What this process takes of the system, by {@code /proc} and the JVM's own account. Where there is
 * no {@code /proc}, the figures from there are 0.
 *
 * @param descriptors open files
 * @param segmentMappings mappings of segment files
 * @param directBytes direct memory of the JVM's buffers
 * @param mappedBytes bytes of files that the JVM's buffers map
 */
public record ProcessFigures(
    long descriptors, long segmentMappings, long directBytes, long mappedBytes) {

  private static final Path PROCESS = Path.of("/proc/self");

  /** The figures of this moment. */
  public static ProcessFigures now() throws IOException {
    return new ProcessFigures(openFiles(), mappings(), pool("direct"), pool("mapped"));
  }

  private static long openFiles() throws IOException {
    Path directory = PROCESS.resolve("fd");
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    try (Stream<Path> descriptors = Files.list(directory)) {
      return descriptors.count();
    }
  }

  private static long mappings() throws IOException {
    return lines("maps").stream()
        .filter(line -> line.endsWith(".seg") || line.endsWith(".seg (deleted)"))
        .count();
  }

  private static List<String> lines(String file) throws IOException {
    Path path = PROCESS.resolve(file);
    return Files.isReadable(path) ? Files.readAllLines(path) : List.of();
  }

  private static long pool(String name) {
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      if (pool.getName().equals(name)) {
        return pool.getMemoryUsed();
      }
    }
    return 0;
  }

  /** Bytes that this process has handed to the system to write to anything, since it began. */
  public static long bytesWritten() throws IOException {
    return number("io", "wchar:");
  }

  /** Bytes of memory that this process had at most, files mapped into it included. */
  public static long mostResidentBytes() throws IOException {
    return number("status", "VmHWM:") << 10;
  }

  /** The first number of a line; 0 if there is none such. */
  private static long number(String file, String name) throws IOException {
    for (String line : lines(file)) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.substring(name.length()).strip().split(" ", 2)[0]);
      }
    }
    return 0;
  }

  /** Processor time that this process has taken, in nanoseconds. */
  public static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
  }
}
