package dev.quarry.benchmarks.read;

import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.ScratchOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Puts to a cache and gets from it in turn. */
@Command(
    name = "cache-load",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Puts to a cache and gets from it in turn, and measures how long each call takes.",
      "",
      "Two threads pick keys by Zipf's law, one for a put and another for a get, until several"
          + " times as much was put as the cache may take. A key's values have one length, from 4 KiB"
          + " to 1 MiB, each doubling as likely as the next. Every value read is checked.",
      "",
      "Threshold: the 99th percentile of the hits is at most 3 milliseconds."
    },
    footer = {
      "",
      "Exit code 0: the threshold was met; 1: it was missed, or the command failed; 2: arguments not"
          + " understood."
    })
public final class CacheLoadCommand implements Callable<Integer> {

  private static final long LEAST_BYTES = 16 << 20;
  private static final long MOST_BYTES = 1L << 40;
  private static final int MOST_TIMES = 1000;
  private static final int BYTES_PER_KEY = 96 << 10;
  private static final double MOST_EXPONENT = 10;

  @Spec private CommandSpec spec;

  @Option(
      names = "--max-bytes",
      defaultValue = "2147483648",
      description = "maxBytes of the cache; ${DEFAULT-VALUE} by default.")
  private long maxBytes;

  @Option(
      names = "--times",
      defaultValue = "3",
      description = "How many times as much is put; ${DEFAULT-VALUE} by default.")
  private int times;

  @Option(
      names = "--keys",
      defaultValue = "0",
      description = "Keys that there are; one for each 96 KiB of --max-bytes if this is 0.")
  private int keys;

  @Option(
      names = "--exponent",
      defaultValue = "1.0",
      description = "Exponent of Zipf's law; ${DEFAULT-VALUE} by default.")
  private double exponent;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of keys and lengths; ${DEFAULT-VALUE} by default.")
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
    if (keys < 0 || !(exponent >= 0 && exponent <= MOST_EXPONENT)) {
      throw new ParameterException(
          spec.commandLine(), "--keys is to be 0 or more, --exponent in 0..10");
    }
    int number = keys == 0 ? (int) (maxBytes / BYTES_PER_KEY) : keys;
    try (ScratchDirectory scratch = scratchOption.create(spec)) {
      CacheLoad load = new CacheLoad(scratch.path(), maxBytes, times, number, exponent, seed);
      return load.run().print(spec.commandLine().getOut(), json);
    }
  }
}
