package dev.quarry.crash.history;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tries the history of a seed again. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = "Tries the history of a seed again, and makes it short.")
public final class ReplayCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SEED", description = "Of the history.")
  private long seed;

  @Option(names = "--shrink", description = "Take out every step that the fault does not need.")
  private boolean shrink;

  @Option(
      names = "--times",
      defaultValue = "5",
      description = "How often; histories with threads differ from time to time.")
  private int times;

  @Mixin private MannerOptions options;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    History history = History.of(seed);
    Throwable fault = fault(history);
    if (fault != null && shrink) {
      history = Shrinker.shrink(history, shorter -> fault(shorter) != null);
      Throwable again = fault(history);
      fault = again == null ? fault : again;
    }
    out.println(history);
    if (fault == null) {
      out.println("nothing found");
    } else {
      fault.printStackTrace(out);
    }
    out.flush();
    return fault == null ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private @Nullable Throwable fault(History history) {
    Throwable fault = null;
    for (int i = 0; i < times && fault == null; i++) {
      fault = Trial.of(history, options.manner()).fault();
    }
    return fault;
  }
}
