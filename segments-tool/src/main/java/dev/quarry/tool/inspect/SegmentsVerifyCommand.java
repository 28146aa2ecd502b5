package dev.quarry.tool.inspect;

import dev.quarry.segment.FileSystemDisk;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.Path;
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

  @Parameters(paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  SegmentsVerifyCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    StoreCheck check =
        new StoreCheck(console::println, warning -> console.println("warning: " + warning));
    check.run(new FileSystemDisk(), directory);
    console.println(
        "verified "
            + Units.count(check.records())
            + " records in "
            + Units.count(check.files())
            + " files of "
            + Units.bytes(check.bytes())
            + (check.checkpointBytes() == 0
                ? ""
                : " and a checkpoint of " + Units.bytes(check.checkpointBytes()))
            + ": "
            + (check.findings() == 0 ? "all is well" : number(check.findings(), "finding"))
            + (check.warnings() == 0 ? "" : ", " + number(check.warnings(), "warning")));
    return check.findings() == 0 ? 0 : 1;
  }

  private static String number(long number, String things) {
    return Units.count(number) + " " + things + (number == 1 ? "" : "s");
  }
}
