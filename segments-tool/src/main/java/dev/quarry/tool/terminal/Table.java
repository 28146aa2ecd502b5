package dev.quarry.tool.terminal;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows whose columns line up; a column's title tells by a leading {@code >} that it is
 * right-aligned.
 */
public final class Table {

  private final List<String> titles;
  private final List<List<String>> rows = new ArrayList<>();

  public Table(String... titles) {
    this.titles = List.of(titles);
  }

  /** Adds a row, of as many cells as there are titles. */
  public void add(String... cells) {
    if (cells.length != titles.size()) {
      throw new IllegalArgumentException(
          cells.length + " cells under " + titles.size() + " titles");
    }
    rows.add(List.of(cells));
  }

  /** The lines: the titles, unless all are empty, and the rows. */
  public List<String> lines() {
    List<String> names = titles.stream().map(t -> t.startsWith(">") ? t.substring(1) : t).toList();
    List<List<String>> all = new ArrayList<>();
    if (names.stream().anyMatch(name -> !name.isEmpty())) {
      all.add(names);
    }
    all.addAll(rows);
    return all.stream().map(row -> line(row, all)).toList();
  }

  private String line(List<String> row, List<List<String>> all) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      String gap = " ".repeat(width(all, column) - row.get(column).length());
      boolean right = titles.get(column).startsWith(">");
      line.append(column == 0 ? "" : "  ")
          .append(right ? gap + row.get(column) : row.get(column) + gap);
    }
    return line.toString().stripTrailing();
  }

  private static int width(List<List<String>> all, int column) {
    return all.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }

  /** Prints all lines. */
  public void print(Console console) {
    lines().forEach(console::println);
  }
}
