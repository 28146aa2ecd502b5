package dev.quarry.tool;

import dev.quarry.tool.demo.DemoCommand;
import dev.quarry.tool.demo.DemoImportCommand;
import dev.quarry.tool.inspect.SegmentsCommand;
import dev.quarry.tool.log.LineLogging;
import dev.quarry.tool.store.ExportCommand;
import dev.quarry.tool.store.GetCommand;
import dev.quarry.tool.store.ImportCommand;
import dev.quarry.tool.store.LsCommand;
import dev.quarry.tool.store.PutCommand;
import dev.quarry.tool.store.RmCommand;
import dev.quarry.tool.store.StatsCommand;
import dev.quarry.tool.terminal.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code quarry} command. */
@Command(
    name = "quarry",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true,
    description = "Keeps blobs in a durable store or a disk cache, and looks into its files.",
    footer = {
      "",
      "Keys are text. \\xNN in one stands for a byte, \\\\ for a backslash.",
      "Exit code 0: done; 1: not found, or failed; 2: not understood."
    })
public final class Quarry implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Print stack traces of failures, as QUARRY_DEBUG in the environment does.")
  private boolean debug;

  private Quarry() {}

  /** Runs a command, and ends the process with its exit code. */
  public static void main(String[] arguments) {
    LineLogging.install();
    System.exit(run(Console.ofProcess(), arguments));
  }

  /**
   * Runs a command.
   *
   * @return 0 when it did what was asked for, 1 when it could not, 2 when it was not understood
   */
  public static int run(Console console, String... arguments) {
    Quarry quarry = new Quarry();
    Failures failures =
        new Failures(console, () -> quarry.debug || System.getenv("QUARRY_DEBUG") != null);
    try {
      StringWriter help = new StringWriter();
      CommandLine line = commandLine(quarry, console, failures);
      int code = line.setOut(new PrintWriter(help, true)).execute(arguments);
      console.print(help.toString());
      console.flush();
      return code;
    } catch (Throwable e) {
      return failures.exitCode(e);
    }
  }

  private static CommandLine commandLine(Quarry quarry, Console console, Failures failures) {
    CommandLine line =
        new CommandLine(quarry)
            .addSubcommand(new PutCommand(console))
            .addSubcommand(new GetCommand(console))
            .addSubcommand(new RmCommand(console))
            .addSubcommand(new LsCommand(console))
            .addSubcommand(new ImportCommand(console))
            .addSubcommand(new ExportCommand(console))
            .addSubcommand(new StatsCommand(console))
            .addSubcommand(SegmentsCommand.commandLine(console))
            .addSubcommand(new DemoCommand(console))
            .addSubcommand(new DemoImportCommand(console));
    return line.setExpandAtFiles(false)
        .setErr(new PrintWriter(console.error(), true, StandardCharsets.UTF_8))
        .setParameterExceptionHandler(failures.ofArguments())
        .setExecutionExceptionHandler(failures.ofCommands());
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
