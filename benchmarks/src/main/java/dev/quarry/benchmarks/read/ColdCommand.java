package dev.quarry.benchmarks.read;

import dev.quarry.StoreMode;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.ScratchOption;
import dev.quarry.benchmarks.measure.Values;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Reads values that are in no memory. */
@Command(
    name = "cold",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Reads values that are in no memory, and compares each get with a direct read of as many bytes"
          + " from a plain file.",
      "",
      "For each length a store is filled and closed, the page cache is dropped (which takes root;"
          + " pageCacheDropped says whether it was), and the store is opened again. Then one thread"
          + " reads every value once, in random order, and after each of them a block of the plain"
          + " file.",
      "",
      "Threshold: the median of the gets is at most 1.15 times the median of the direct reads."
    },
    footer = {
      "",
      "Exit code 0: the threshold was met; 1: it was missed, or the command failed; 2: arguments not"
          + " understood."
    })
public final class ColdCommand implements Callable<Integer> {

  private static final int LONGEST = 1 << 30;
  private static final int MOST_VALUES = 100_000_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--value-bytes",
      split = ",",
      defaultValue = "1024,16384,131072,1048576",
      description = "Lengths of values; ${DEFAULT-VALUE} by default.")
  private List<Integer> valueBytes = List.of();

  @Option(
      names = "--total-bytes",
      defaultValue = "536870912",
      description = "Bytes of the values of each length together; ${DEFAULT-VALUE} by default.")
  private long totalBytes;

  @Option(
      names = "--mode",
      defaultValue = "cache",
      description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
  private StoreMode mode = StoreMode.CACHE;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of values and their order; ${DEFAULT-VALUE} by default.")
  private long seed;

  @Mixin private ScratchOption scratchOption;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    for (int length : valueBytes) {
      long count = length < Values.LEAST_BYTES ? 0 : totalBytes / length;
      if (length > LONGEST || count < 1 || count > MOST_VALUES) {
        throw new ParameterException(
            spec.commandLine(),
            String.format(
                "--value-bytes is to be in %d..%d, and --total-bytes is to hold 1 to %d values",
                Values.LEAST_BYTES, LONGEST, MOST_VALUES));
      }
    }
    Report report = new Report().put("mode", mode.toString().toLowerCase(Locale.ROOT));
    for (int length : valueBytes) {
      try (ScratchDirectory scratch = scratchOption.create(spec)) {
        int count = (int) (totalBytes / length);
        new Cold(scratch.path(), mode, length, count, seed).run(report);
      }
    }
    return report.print(spec.commandLine().getOut(), json);
  }
}
