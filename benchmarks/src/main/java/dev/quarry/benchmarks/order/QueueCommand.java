package dev.quarry.benchmarks.order;

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

/** Uses a store as a queue. */
@Command(
    name = "queue",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Uses a store as a queue: puts many keys, then polls the lowest one and deletes it, again and"
          + " again, in one thread.",
      "",
      "A poll is keys(), next(), key() and close() of the cursor. Its time and that of the delete"
          + " are measured apart: in a durable store each delete waits for a sync of the log. The"
          + " first poll sorts what the store holds; mean and p99 do not include it. cpuMicrosMean is the"
          + " thread's processor time for a poll and a delete, the first included.",
      "",
      "Threshold: a poll takes at most 50 microseconds on average; in a cache, a poll and a delete"
          + " together do."
    },
    footer = {
      "",
      "Exit code 0: the threshold was met; 1: it was missed, or the command failed; 2: arguments not"
          + " understood."
    })
public final class QueueCommand implements Callable<Integer> {

  private static final int MOST_KEYS = 100_000_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--keys",
      defaultValue = "1000000",
      description = "Keys that are put; ${DEFAULT-VALUE} by default.")
  private int keys;

  @Option(
      names = "--polls",
      defaultValue = "0",
      description = "Keys that are polled; all of them if this is 0, the default.")
  private int polls;

  @Option(
      names = "--value-bytes",
      defaultValue = "100",
      description = "Bytes of a value; ${DEFAULT-VALUE} by default.")
  private int valueBytes;

  @Option(
      names = "--mode",
      defaultValue = "cache",
      description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
  private StoreMode mode = StoreMode.CACHE;

  @Mixin private ScratchOption scratchOption;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    if (keys < 2 || keys > MOST_KEYS || polls < 0 || polls == 1 || polls > keys || valueBytes < 0) {
      throw new ParameterException(
          spec.commandLine(), "--keys, --polls or --value-bytes is out of range");
    }
    try (ScratchDirectory scratch = scratchOption.create(spec)) {
      Queue queue = new Queue(scratch.path(), mode, keys, polls == 0 ? keys : polls, valueBytes);
      Report report = queue.run();
      return report.print(spec.commandLine().getOut(), json);
    }
  }
}
