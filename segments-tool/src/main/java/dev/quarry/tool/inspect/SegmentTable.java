package dev.quarry.tool.inspect;

import dev.quarry.tool.terminal.Table;
import dev.quarry.tool.terminal.Units;
import java.util.List;

/** Segments and logs, for people. */
public final class SegmentTable {

  private SegmentTable() {}

  /** A table with a row for each file. */
  public static Table of(List<FileReport> reports) {
    Table table =
        new Table(
            ">id", "kind", ">file", ">records", ">puts", ">tombstones", ">sequences", "state");
    for (FileReport report : reports) {
      Survey survey = report.survey();
      table.add(
          String.valueOf(report.id()),
          report.kind().toString(),
          Units.bytes(report.size()),
          survey == null ? "-" : Units.count(survey.records()),
          survey == null ? "-" : Units.count(survey.puts()),
          survey == null ? "-" : Units.count(survey.tombstones()),
          survey == null ? "-" : survey.lowestSequence() + "-" + survey.highestSequence(),
          report.note() == null
              ? report.state().toString()
              : report.state() + ": " + report.note());
    }
    return table;
  }
}
