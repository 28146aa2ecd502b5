package dev.quarry.tool;

import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.OutputClosedException;
import dev.quarry.tool.terminal.Reason;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;

/** Makes one line and an exit code of a failure. */
final class Failures {

  private final Console console;
  private final BooleanSupplier withStackTraces;

  Failures(Console console, BooleanSupplier withStackTraces) {
    this.console = console;
    this.withStackTraces = withStackTraces;
  }

  /** The handler of faults in arguments. */
  IParameterExceptionHandler ofArguments() {
    return (failure, arguments) -> {
      String command = failure.getCommandLine().getCommandSpec().qualifiedName();
      console.complain(failure.getMessage() + " (see " + command + " --help)");
      return ExitCode.USAGE;
    };
  }

  /** The handler of failures of commands. */
  IExecutionExceptionHandler ofCommands() {
    return (failure, command, arguments) -> exitCode(failure);
  }

  /** Reports a failure. */
  int exitCode(Throwable failure) {
    if (failure instanceof OutputClosedException) {
      return ExitCode.OK;
    }
    if (withStackTraces.getAsBoolean()) {
      failure.printStackTrace(console.error());
    }
    console.complain(Reason.withAdvice(failure));
    return failure instanceof ParameterException ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }
}
