package dev.quarry.tool.inspect;

import dev.quarry.tool.inspect.FileReport.State;
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
      "Verifies every record and batch of every segment and log, and the checksums of the",
      "checkpoint, and prints what is wrong, a line each. Exit code 1 if anything is.",
      "What opening the store makes good without a loss is a warning, and leaves the exit code 0:",
      "a damaged checkpoint, and segments that others replace. The entries of the checkpoint are",
      "not compared with the segments; RESERVE holds nothing that could be verified."
    })
final class SegmentsVerifyCommand implements Callable<Integer> {

  private final Console console;
  private long files;
  private long records;
  private long bytes;
  private long checkpointBytes;
  private long findings;
  private long warnings;

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
    verifyCheckpoint(store);
    console.println(
        "verified "
            + Units.count(records)
            + " records in "
            + Units.count(files)
            + " files of "
            + Units.bytes(bytes)
            + (checkpointBytes == 0 ? "" : " and a checkpoint of " + Units.bytes(checkpointBytes))
            + ": "
            + (findings == 0 ? "all is well" : number(findings, "finding"))
            + (warnings == 0 ? "" : ", " + number(warnings, "warning")));
    return findings == 0 ? 0 : 1;
  }

  private static String number(long number, String things) {
    return Units.count(number) + " " + things + (number == 1 ? "" : "s");
  }

  private void verify(StoreFiles store, FileReport file) throws IOException {
    RecordCheck check = new RecordCheck(store.disk(), file);
    try {
      List<String> faults = check.run();
      if (file.state() == State.REPLACED) {
        warn(file.path() + ": replaced " + file.note());
        faults.forEach(this::warn);
      } else {
        report(faults);
      }
      files++;
      bytes += file.size();
      records += check.records();
    } catch (NoSuchFileException e) {
      // removed, or become a segment, since it was listed
    }
  }

  private void verifyCheckpoint(StoreFiles store) throws IOException {
    Path path = store.checkpoint();
    if (store.disk().exists(path)) {
      CheckpointCheck check = new CheckpointCheck(store, path);
      for (String fault : check.run()) {
        warn(fault + " (opening does without the checkpoint, which takes longer)");
      }
      checkpointBytes = check.size();
    }
  }

  private void report(List<String> faults) {
    faults.forEach(console::println);
    findings += faults.size();
  }

  private void warn(String fault) {
    console.println("warning: " + fault);
    warnings++;
  }
}
