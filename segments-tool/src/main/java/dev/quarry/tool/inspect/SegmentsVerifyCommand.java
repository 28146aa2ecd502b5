package dev.quarry.tool.inspect;

import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Verifies all files. */
@Command(
    name = "verify",
    description = {
      "Verifies every record of every segment and log, and prints what is wrong, a line each.",
      "Exit code 1 if anything is."
    })
final class SegmentsVerifyCommand implements Callable<Integer> {

  private final Console console;
  private long files;
  private long records;
  private long bytes;
  private long findings;

  @Parameters(paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  SegmentsVerifyCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    StoreFiles store = new StoreFiles(directory);
    if (store.fault() != null) {
      report(List.of(store.fault()));
    }
    for (FileReport file : store.reports()) {
      verify(store, file);
    }
    console.println(
        "verified "
            + Units.count(records)
            + " records in "
            + Units.count(files)
            + " files of "
            + Units.bytes(bytes)
            + ": "
            + (findings == 0 ? "all is well" : Units.count(findings) + " findings"));
    return findings == 0 ? 0 : 1;
  }

  private void verify(StoreFiles store, FileReport file) throws IOException {
    RecordCheck check = new RecordCheck(store.disk(), file);
    try {
      report(check.run());
      files++;
      bytes += file.size();
      records += check.records();
    } catch (NoSuchFileException e) {
      // removed, or become a segment, since it was listed
    }
  }

  private void report(List<String> faults) {
    faults.forEach(console::println);
    findings += faults.size();
  }
}
