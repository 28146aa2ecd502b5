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

/** Overwrites a durable store again and again, and deletes all of it. */
@Command(
    name = "churn",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Overwrites a durable store again and again, and deletes all of it at the end.",
      "",
      "A data set at 50 %% live: twice as many keys as are to be live get a value, and half of them,"
          + " picked at random, are deleted. Then live keys, picked at random, are put over until"
          + " three times the live bytes were put. All settings are the store's own.",
      "",
      "The bars: at rest after that, the files of the store take at most 1.35 bytes per live byte of"
          + " keys and values; at most 2.2 bytes were written per byte put, over all; and at rest"
          + " after everything is deleted, they take less than two segments, the reserve included.",
      "",
      "diskPerLiveByte: at rest. mean..., worst...: of what was seen during the last two thirds of"
          + " the overwrites. writtenPerBytePut: by the store, to its files, over all phases;"
          + " ...ByOverwrites: from the first overwrite until rest. ...ByProcess: the same of all that"
          + " the process wrote."
    },
    footer = {
      "",
      "Exit code 0: all bars held; 1: one was missed, or it failed; 2: arguments or input not"
          + " understood."
    })
public final class ChurnCommand implements Callable<Integer> {

  private static final int MOST_WRITERS = 1024;

  @Spec private CommandSpec spec;

  @Option(
      names = "--bytes",
      defaultValue = "1073741824",
      description = "Bytes of values that are live; ${DEFAULT-VALUE} by default.")
  private long bytes;

  @Option(
      names = "--value-bytes",
      defaultValue = "65536",
      description = "Bytes of a value; ${DEFAULT-VALUE} by default.")
  private int valueBytes;

  @Option(
      names = "--writers",
      defaultValue = "4",
      description = "Threads that put and delete; ${DEFAULT-VALUE} by default.")
  private int writers;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of the keys that are picked; ${DEFAULT-VALUE} by default.")
  private long seed;

  @Mixin private ScratchOption scratchOption;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    if (valueBytes < Values.LEAST_BYTES
        || bytes < valueBytes
        || bytes / valueBytes > Churn.MOST_KEYS
        || writers < 1
        || writers > MOST_WRITERS) {
      throw new ParameterException(
          spec.commandLine(), "--bytes, --value-bytes or --writers is out of range");
    }
    try (ScratchDirectory scratch = scratchOption.create(spec)) {
      int keys = (int) (bytes / valueBytes);
      Report report = new Churn(scratch.path(), keys, valueBytes, writers, seed).run();
      return report.print(spec.commandLine().getOut(), json);
    }
  }
}
