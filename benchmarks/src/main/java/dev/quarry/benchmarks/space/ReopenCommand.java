package dev.quarry.benchmarks.space;

import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.ScratchOption;
import dev.quarry.benchmarks.measure.Values;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Opens a killed store with its checkpoint and without. */
@Command(
    name = "reopen",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Opens a killed store with its checkpoint and without.",
      "",
      "A process fills a durable store, has a checkpoint written at every tenth of the keys, and ends"
          + " without closing it. Copies of the store are then opened, each in a process of its own:"
          + " three as they are and three of which the checkpoint is deleted, by turns.",
      "",
      "millisWithCheckpoint, millisWithout: what opening took, the median. The digest is over all"
          + " keys and values, which are read one by one.",
      "",
      "The bars: all copies have the same contents, which is every key that was put."
    },
    footer = {
      "",
      "Exit code 0: all bars held; 1: one was missed, or it failed; 2: arguments or input not"
          + " understood."
    })
public final class ReopenCommand implements Callable<Integer> {

  private static final int MOST_KEYS = 1 << 30;

  @Spec private CommandSpec spec;

  @Option(
      names = "--keys",
      defaultValue = "1000000",
      description = "How many keys; ${DEFAULT-VALUE} by default.")
  private int keys;

  @Option(
      names = "--value-bytes",
      defaultValue = "100",
      description = "Bytes of a value; ${DEFAULT-VALUE} by default.")
  private int valueBytes;

  @Mixin private ScratchOption scratchOption;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    if (keys < Reopen.LEAST_KEYS || keys > MOST_KEYS || valueBytes < Values.LEAST_BYTES) {
      throw new ParameterException(spec.commandLine(), "--keys or --value-bytes is out of range");
    }
    try (ScratchDirectory scratch = scratchOption.create(spec)) {
      Report report = new Reopen(scratch.path(), keys, valueBytes).run();
      return report.print(spec.commandLine().getOut(), json);
    }
  }
}
