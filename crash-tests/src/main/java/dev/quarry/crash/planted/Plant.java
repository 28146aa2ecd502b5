package dev.quarry.crash.planted;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A bug to be planted: a patch of the product's sources under a few lines that say what it is.
 *
 * <pre>
 * Class: one of {@link BugClass}
 * Bug: what is wrong, in a line
 * Test: module/full.name.of.Class, module/full.name.of.Class
 *
 * --- a/module/src/main/java/...
 * </pre>
 *
 * @param name of the file, without its ending
 * @param bugClass the kind of mistake
 * @param bug what is wrong
 * @param tests that should catch it, those likely to be fastest first
 * @param patches what makes the bug
 */
record Plant(
    String name, BugClass bugClass, String bug, List<TestClass> tests, List<SourcePatch> patches) {

  private static final String ENDING = ".patch";

  /** The plants of a checkout, by class and name. */
  static List<Plant> readAll(Path checkout) throws IOException {
    try (Stream<Path> files = Files.list(checkout.resolve("crash-tests/planted"))) {
      List<Plant> plants = new ArrayList<>();
      for (Path file : files.filter(each -> each.toString().endsWith(ENDING)).sorted().toList()) {
        plants.add(read(file));
      }
      plants.sort((a, b) -> a.bugClass.compareTo(b.bugClass));
      return plants;
    }
  }

  private static Plant read(Path file) throws IOException {
    String fileName = String.valueOf(file.getFileName());
    String name = fileName.substring(0, fileName.length() - ENDING.length());
    try {
      return parse(name, Files.readAllLines(file));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  static Plant parse(String name, List<String> lines) {
    int diff = 0;
    while (diff < lines.size() && !SourcePatch.begins(lines.get(diff))) {
      diff++;
    }
    if (diff == lines.size()) {
      throw new IllegalArgumentException("there is no diff in it");
    }
    List<String> head = lines.subList(0, diff);
    List<TestClass> tests =
        Stream.of(field(head, "Test").split(",\\s*", -1)).map(TestClass::parse).toList();
    return new Plant(
        name,
        BugClass.called(field(head, "Class").toLowerCase(Locale.ROOT)),
        field(head, "Bug"),
        tests,
        SourcePatch.parse(lines.subList(diff, lines.size())));
  }

  private static String field(List<String> head, String field) {
    String prefix = field + ": ";
    for (String line : head) {
      if (line.startsWith(prefix)) {
        return line.substring(prefix.length()).trim();
      }
    }
    throw new IllegalArgumentException("there is no line \"" + prefix + '"');
  }
}
