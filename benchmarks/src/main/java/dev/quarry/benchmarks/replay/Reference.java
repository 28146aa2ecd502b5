package dev.quarry.benchmarks.replay;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The misses that other simulators counted: {@code golden_misses.csv}, whose columns are trace,
 * mode, cache size, policy and misses, and the traces beside it in {@code traces}. The only mode is
 * {@code objects}, in which a cache holds so many of them, whatever their sizes.
 */
final class Reference {

  private static final int COLUMNS = 5;
  private static final String MODE = "objects";

  private final Path directory;
  private final Path file;

  Reference(Path directory) {
    this.directory = directory;
    this.file = directory.resolve("golden_misses.csv");
  }

  /** A trace and a capacity, and what others missed of it. */
  record Row(String name, Path trace, int capacity, long fifo, long sieve) {}

  /** What the misses of several policies are of. */
  private record Case(String name, int capacity) {}

  /**
   * All rows, in the order of the file.
   *
   * @throws TraceException if the file cannot be read, or has none
   */
  List<Row> rows() throws TraceException {
    Map<Case, Map<String, Long>> misses = new LinkedHashMap<>();
    List<String> lines = lines();
    for (int i = 1; i < lines.size(); i++) {
      long line = i + 1L;
      String[] cells = lines.get(i).split(",", -1);
      if (cells.length != COLUMNS) {
        throw new TraceException(file, line, "not five columns");
      }
      if (!cells[1].equals(MODE)) {
        throw new TraceException(file, line, "the mode is not '" + MODE + "'");
      }
      Case key = new Case(cells[0], (int) number(line, cells[2], PolicyCache.MOST_OBJECTS));
      misses
          .computeIfAbsent(key, row -> new LinkedHashMap<>())
          .put(cells[3], number(line, cells[4], Long.MAX_VALUE));
    }
    if (misses.isEmpty()) {
      throw new TraceException(file, "no rows");
    }
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<Case, Map<String, Long>> entry : misses.entrySet()) {
      rows.add(row(entry.getKey(), entry.getValue()));
    }
    return rows;
  }

  private List<String> lines() throws TraceException {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new TraceException(file, e);
    }
  }

  private Row row(Case key, Map<String, Long> misses) throws TraceException {
    Long fifo = misses.get("FIFO");
    Long sieve = misses.get("SIEVE");
    if (fifo == null || sieve == null) {
      throw new TraceException(
          file, key.name + " at " + key.capacity + " is without FIFO or SIEVE");
    }
    Path trace = directory.resolve("traces").resolve(key.name + ".txt.zst");
    return new Row(key.name, trace, key.capacity, fifo, sieve);
  }

  private long number(long line, String text, long most) throws TraceException {
    try {
      long number = Long.parseLong(text);
      if (number >= 1 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new TraceException(file, line, "'" + text + "' is not a number from 1 to " + most);
  }
}
