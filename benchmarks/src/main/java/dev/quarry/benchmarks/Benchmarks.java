package dev.quarry.benchmarks;

import dev.quarry.BlobStoreException;
import dev.quarry.benchmarks.measure.Reason;
import dev.quarry.benchmarks.order.QueueCommand;
import dev.quarry.benchmarks.read.CacheLoadCommand;
import dev.quarry.benchmarks.read.ColdCommand;
import dev.quarry.benchmarks.replay.ReplayAllCommand;
import dev.quarry.benchmarks.replay.ReplayCommand;
import dev.quarry.benchmarks.replay.TraceException;
import dev.quarry.benchmarks.space.ChurnCommand;
import dev.quarry.benchmarks.space.ReopenCommand;
import dev.quarry.benchmarks.space.SoakCommand;
import dev.quarry.benchmarks.space.StoresCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command that measures. */
@Command(
    name = "benchmarks",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    description = "Measures Quarry.",
    footer = {
      "",
      "Exit code 0: done; 1: failed, or a bar was missed; 2: arguments or input not understood."
    })
public final class Benchmarks implements Runnable {

  @Spec private CommandSpec spec;

  private Benchmarks() {}

  /** Runs a command, and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The commands; what is returned may be told where they are to print. */
  static CommandLine commandLine() {
    return new CommandLine(new Benchmarks())
        .addSubcommand(new ReplayCommand())
        .addSubcommand(new ReplayAllCommand())
        .addSubcommand(new SoakCommand())
        .addSubcommand(new ChurnCommand())
        .addSubcommand(new ReopenCommand())
        .addSubcommand(new StoresCommand())
        .addSubcommand(new QueueCommand())
        .addSubcommand(new ColdCommand())
        .addSubcommand(new CacheLoadCommand())
        .addSubcommand(new JmhCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(ofArguments())
        .setExecutionExceptionHandler(ofCommands());
  }

  private static IParameterExceptionHandler ofArguments() {
    return (failure, arguments) -> {
      CommandLine line = failure.getCommandLine();
      String command = line.getCommandSpec().qualifiedName();
      complain(line, failure.getMessage() + " (see " + command + " --help)");
      return ExitCode.USAGE;
    };
  }

  private static IExecutionExceptionHandler ofCommands() {
    return (failure, line, arguments) -> {
      Throwable cause = cause(failure);
      if (cause instanceof TraceException) {
        complain(line, cause.getMessage());
        return ExitCode.USAGE;
      }
      if (cause instanceof FileSystemException fault) {
        complain(line, fault.getFile() + ": " + Reason.of(fault));
      } else if (cause instanceof IOException || cause instanceof BlobStoreException) {
        complain(line, cause.getMessage());
      } else {
        failure.printStackTrace(line.getErr());
      }
      return ExitCode.SOFTWARE;
    };
  }

  /** What failed, in whichever thread. */
  private static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    boolean wraps =
        failure instanceof ExecutionException || failure instanceof UncheckedIOException;
    return wraps && cause != null ? cause(cause) : failure;
  }

  private static void complain(CommandLine line, String message) {
    line.getErr().println("benchmarks: " + message);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
