package dev.quarry.benchmarks.space;

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

/** Writes many times what a cache may take of the disk. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Writes many times what a cache may take of the disk, and watches what it takes.",
      "",
      "Two threads read keys, a few of them more often than most, put a value of random size (1 KiB"
          + " to 1 MiB) where there is none, and put one over in an eighth of the cases where there"
          + " is. Every value read is checked. The files in the directory are added up all the time."
          + " First as much is put as the cache may take, so that it is full; the rest is divided in"
          + " tenths.",
      "",
      "The bars: the files never take more than maxBytes, the slabs and one segment. Descriptors,"
          + " direct memory, mapped bytes, and mappings beyond one for each segment of the store are"
          + " not higher in the last tenth than in the first: 16 descriptors, 16 mappings and an"
          + " eighth of the bytes are let go, as compaction comes and goes.",
      "",
      "...ByTenth: the highest figure of each tenth. writeAmplification: bytes the store wrote per"
          + " byte of keys and values put. ...ByProcess: the same of all that the process wrote."
    },
    footer = {
      "",
      "Exit code 0: all bars held; 1: one was missed, or it failed; 2: arguments or input not"
          + " understood."
    })
public final class SoakCommand implements Callable<Integer> {

  private static final long LEAST_BYTES = 16 << 20;
  private static final long MOST_BYTES = 1L << 40;
  private static final int MOST_TIMES = 1000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--max-bytes",
      defaultValue = "1073741824",
      description = "maxBytes of the cache; ${DEFAULT-VALUE} by default.")
  private long maxBytes;

  @Option(
      names = "--times",
      defaultValue = "10",
      description = "How many times as much is put when it is full; ${DEFAULT-VALUE} by default.")
  private int times;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of keys and sizes; ${DEFAULT-VALUE} by default.")
  private long seed;

  @Mixin private ScratchOption scratchOption;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    if (maxBytes < LEAST_BYTES || maxBytes > MOST_BYTES || times < 1 || times > MOST_TIMES) {
      throw new ParameterException(
          spec.commandLine(),
          String.format(
              "--max-bytes is to be in %d..%d, --times in 1..%d",
              LEAST_BYTES, MOST_BYTES, MOST_TIMES));
    }
    try (ScratchDirectory scratch = scratchOption.create(spec)) {
      Report report = new Soak(scratch.path(), maxBytes, times, seed).run();
      return report.print(spec.commandLine().getOut(), json);
    }
  }
}
