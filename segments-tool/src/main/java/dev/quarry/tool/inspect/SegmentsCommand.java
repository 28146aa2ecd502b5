package dev.quarry.tool.inspect;

import dev.quarry.tool.terminal.Console;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The commands about segments and logs. */
@Command(
    name = "segments",
    description = {
      "Looks into the files of a store, which may be damaged or in use.",
      "Nothing is changed; it works on what the engine refuses, too."
    })
public final class SegmentsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  private SegmentsCommand() {}

  public static CommandLine commandLine(Console console) {
    return new CommandLine(new SegmentsCommand())
        .addSubcommand(new SegmentsLsCommand(console))
        .addSubcommand(new SegmentsVerifyCommand(console))
        .addSubcommand(new SegmentsDumpCommand(console));
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "one of ls, verify and dump is missing");
  }
}
