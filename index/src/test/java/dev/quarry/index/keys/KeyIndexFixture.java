package dev.quarry.index.keys;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** What the tests of the key index share. Keys are compared as hex, which keeps their order. */
final class KeyIndexFixture {

  private KeyIndexFixture() {}

  static String hex(byte[] key) {
    return HexFormat.of().formatHex(key);
  }

  static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  static SegmentKeys keys(String... hex) {
    return keys(List.of(hex));
  }

  static SegmentKeys keys(Collection<String> hex) {
    return sink -> hex.forEach(key -> sink.put(bytes(key)));
  }

  /** All keys from the cursor's place on; closes it. */
  static List<String> drain(OrderedKeys cursor) {
    try (cursor) {
      List<String> found = new ArrayList<>();
      while (cursor.next()) {
        found.add(hex(cursor.key()));
      }
      return found;
    }
  }

  static List<String> all(KeyIndex index) {
    return drain(index.iterate(null, null));
  }

  static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  /** The files whose names have a part in common, at least one. */
  static List<Path> files(Path directory, String part) throws IOException {
    List<Path> found =
        files(directory).stream().filter(f -> f.getFileName().toString().contains(part)).toList();
    if (found.isEmpty()) {
      throw new NoSuchFileException(directory + "/*" + part + "*");
    }
    return found;
  }

  static void deleteTree(Path directory) throws IOException {
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /**
   * Copies an index as a crash at this moment would leave it. The list of tables is copied before
   * the tables, and tables are complete before they are listed.
   */
  static void crashImage(Path directory, Path image) throws IOException {
    Files.createDirectory(image);
    List<Path> files = new ArrayList<>(files(directory));
    files.sort(Comparator.comparing(f -> f.toString().endsWith(".sst")));
    for (Path file : files) {
      Files.copy(file, image.resolve(file.getFileName()));
    }
  }

  /** Keeps what is logged while it is open, and keeps it off the console. */
  static final class CapturedLog implements AutoCloseable {

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream();

    CapturedLog() {
      System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
    }

    List<String> warnings() {
      return captured
          .toString(StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.contains("WARN"))
          .toList();
    }

    @Override
    public void close() {
      System.setErr(before);
    }
  }
}
