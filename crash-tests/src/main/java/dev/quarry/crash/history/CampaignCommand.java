package dev.quarry.crash.history;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tries random histories for a time. */
@Command(
    name = "campaign",
    mixinStandardHelpOptions = true,
    description = "Tries random histories, with the power failing at random calls, for a time.")
public final class CampaignCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(names = "--minutes", defaultValue = "10", description = "How long.")
  private double minutes;

  @Option(names = "--seed", description = "Of the first history; default: of the time of day.")
  private Long seed;

  @Option(
      names = "--threads",
      description = "Histories tried at once; default: one for each processor.")
  private Integer threads;

  @Mixin private MannerOptions options;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    long first = seed == null ? System.currentTimeMillis() * 1_000 : seed;
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    out.printf("seed %d, %d at once%n", first, workers);
    out.flush();
    Campaign campaign = new Campaign(first, options.manner());
    long start = System.nanoTime();
    long end = start + (long) (minutes * TimeUnit.MINUTES.toNanos(1));
    campaign.run(workers, points -> System.nanoTime() - end < 0);
    double hours = (System.nanoTime() - start) / (double) TimeUnit.HOURS.toNanos(1);
    out.printf(
        "%,d histories, %,d crash points, %,.0f an hour%n",
        campaign.histories(), campaign.crashPoints(), campaign.crashPoints() / hours);
    for (Campaign.Fault fault : campaign.faults()) {
      out.println("FOUND " + fault);
      fault.cause().printStackTrace(out);
      out.println("again, and shorter: replay --shrink " + fault.seed());
    }
    out.flush();
    return campaign.faults().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
