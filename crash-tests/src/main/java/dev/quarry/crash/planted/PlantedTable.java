package dev.quarry.crash.planted;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What became of planted bugs, in Markdown. */
final class PlantedTable {

  /**
   * What became of one.
   *
   * @param caughtBy the test that failed; null when none did
   */
  record Row(Plant plant, @Nullable String caughtBy, double seconds) {}

  private final List<Row> rows = new ArrayList<>();

  void add(Row row) {
    rows.add(row);
  }

  /** How many were not caught. */
  long uncaught() {
    return rows.stream().filter(row -> row.caughtBy == null).count();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append("| class | planted bug | caught by | seconds |\n|---|---|---|--:|\n");
    BugClass before = null;
    for (Row row : rows) {
      BugClass here = row.plant.bugClass();
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %.1f |%n",
              here == before ? "" : here,
              row.plant.bug(),
              row.caughtBy == null ? "**nothing**" : '`' + row.caughtBy + '`',
              row.seconds));
      before = here;
    }
    return text.toString();
  }
}
