package dev.quarry.tool.demo;

import dev.quarry.tool.store.SourceFile;
import dev.quarry.tool.store.SourceTree;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the real files of the demo.
 *
 * @param from where they are, in words
 * @param files by key
 */
record SourceChoice(String from, List<SourceFile> files) {

  /** With less than this a demo proves little. */
  private static final long ENOUGH = 300_000_000;

  /**
   * Chooses files.
   *
   * @param source a directory; when it is null, the local Maven repository if that holds enough,
   *     else the Java installations of this machine
   * @param mostBytes the most bytes to choose
   */
  static SourceChoice choose(@Nullable Path source, long mostBytes) throws IOException {
    SourceChoice choice = source == null ? chooseItself() : of(source);
    List<SourceFile> chosen = new ArrayList<>();
    long bytes = 0;
    for (SourceFile file : choice.files) {
      if (bytes + file.size() <= mostBytes) {
        chosen.add(file);
        bytes += file.size();
      }
    }
    if (chosen.isEmpty()) {
      throw new CommandFailedException("there are no files for the demo in " + choice.from);
    }
    return new SourceChoice(choice.from, chosen);
  }

  private static SourceChoice chooseItself() throws IOException {
    Path maven = Path.of(System.getProperty("user.home"), ".m2", "repository");
    if (Files.isDirectory(maven)) {
      SourceChoice choice = of(maven);
      if (choice.bytes() >= ENOUGH) {
        return choice;
      }
    }
    return ofJava(Path.of(System.getProperty("java.home")).toRealPath());
  }

  private static SourceChoice of(Path directory) throws IOException {
    return new SourceChoice(directory.toString(), sorted(walk(directory, "")));
  }

  /** This Java's own files and, if they are not enough, those of the ones installed beside it. */
  private static SourceChoice ofJava(Path home) throws IOException {
    List<SourceFile> files = new ArrayList<>();
    List<String> homes = new ArrayList<>();
    for (Path java : withSiblings(home)) {
      if (bytes(files) < ENOUGH) {
        homes.add(java.toString());
        files.addAll(walk(java, Objects.requireNonNull(java.getFileName()) + "/"));
      }
    }
    return new SourceChoice(String.join(" and ", homes), sorted(files));
  }

  private static List<Path> withSiblings(Path home) throws IOException {
    List<Path> homes = new ArrayList<>(List.of(home));
    Path parent = home.getParent();
    if (parent != null) {
      try (Stream<Path> siblings = Files.list(parent)) {
        siblings
            .filter(path -> !Files.isSymbolicLink(path) && !path.equals(home))
            .filter(path -> Files.isExecutable(path.resolve("bin/java")))
            .sorted()
            .forEach(homes::add);
      }
    }
    return homes;
  }

  private static List<SourceFile> walk(Path directory, String prefix) throws IOException {
    return SourceTree.walk(
            directory, KeyText.of(prefix.getBytes(StandardCharsets.UTF_8)), null, unreadable -> {})
        .stream()
        .filter(file -> Files.isReadable(file.path()))
        .toList();
  }

  private static List<SourceFile> sorted(List<SourceFile> files) {
    return files.stream().sorted(Comparator.comparing(file -> file.key().toString())).toList();
  }

  long bytes() {
    return bytes(files);
  }

  private static long bytes(List<SourceFile> files) {
    return files.stream().mapToLong(SourceFile::size).sum();
  }
}
