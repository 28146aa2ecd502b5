package dev.quarry.benchmarks.space;

import dev.quarry.StoreMode;
import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.ScratchOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Opens many stores in one process, and tells what each costs. */
@Command(
    name = "stores",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Opens many stores in one process, and tells what each costs: when it is idle, after a hundred"
          + " puts of 1 KiB, and when it has been idle again until its threads have ended.",
      "",
      "All figures are per store. Stores of large segments need direct memory: start the JVM with"
          + " -XX:MaxDirectMemorySize.",
      "",
      "The bar: no direct memory but that of index and filter is left when all are closed."
    },
    footer = {
      "",
      "Exit code 0: the bar held; 1: it was missed, or it failed; 2: arguments or input not"
          + " understood."
    })
public final class StoresCommand implements Callable<Integer> {

  private static final int MOST_STORES = 10_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--count",
      defaultValue = "200",
      description = "How many stores; ${DEFAULT-VALUE} by default.")
  private int count;

  @Option(
      names = "--mode",
      defaultValue = "durable",
      description = "durable or cache; ${DEFAULT-VALUE} by default.")
  private StoreMode mode;

  @Option(
      names = "--segment-bytes",
      defaultValue = "1048576",
      description = "Bytes of a segment; ${DEFAULT-VALUE} by default.")
  private int segmentBytes;

  @Mixin private ScratchOption scratchOption;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    if (count < 1 || count > MOST_STORES) {
      throw new ParameterException(spec.commandLine(), "--count is not in 1.." + MOST_STORES);
    }
    try (ScratchDirectory scratch = scratchOption.create(spec)) {
      Report report = new Stores(scratch.path(), count, mode, segmentBytes).run();
      return report.print(spec.commandLine().getOut(), json);
    }
  }
}
