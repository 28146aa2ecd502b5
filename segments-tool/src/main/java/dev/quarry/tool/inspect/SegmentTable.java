package dev.quarry.tool.inspect;

import dev.quarry.tool.terminal.Table;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Segments and logs, for people. */
public final class SegmentTable {

  /** How many replaced segments a row names. */
  private static final int SHOWN = 4;

  private SegmentTable() {}

  /** A table with a row for each file of a store. */
  public static Table of(StoreFiles store) throws IOException {
    List<FileReport> reports = store.reports();
    LiveBytes live = LiveBytes.of(store, reports);
    Table table =
        new Table(
            ">id",
            "kind",
            ">file",
            ">live",
            ">records",
            ">puts",
            ">tombstones",
            ">evictions",
            ">sequences",
            "replaces",
            "state");
    for (FileReport report : reports) {
      Survey survey = report.survey();
      table.add(
          String.valueOf(report.id()),
          report.kind().toString(),
          Units.bytes(report.size()),
          share(live.of(report), report.size()),
          survey == null ? "-" : Units.count(survey.records()),
          survey == null ? "-" : Units.count(survey.puts()),
          survey == null ? "-" : Units.count(survey.tombstones()),
          survey == null ? "-" : Units.count(survey.evictions()),
          survey == null ? "-" : survey.lowestSequence() + "-" + survey.highestSequence(),
          survey == null ? "-" : ids(survey.replaced()),
          report.note() == null
              ? report.state().toString()
              : report.state() + ": " + report.note());
    }
    return table;
  }

  private static String share(@Nullable Long live, long size) {
    return live == null || size == 0 ? "-" : Units.percent((double) live / size, 1);
  }

  private static String ids(List<Long> ids) {
    if (ids.isEmpty()) {
      return "-";
    }
    String shown = ids.stream().limit(SHOWN).map(String::valueOf).collect(Collectors.joining(","));
    return ids.size() <= SHOWN ? shown : shown + " and " + (ids.size() - SHOWN) + " more";
  }
}
