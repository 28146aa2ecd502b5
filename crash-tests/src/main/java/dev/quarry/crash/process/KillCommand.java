package dev.quarry.crash.process;

import dev.quarry.StoreMode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Kills processes that use a store. */
@Command(
    name = "kill",
    mixinStandardHelpOptions = true,
    description = {
      "Kills real processes with SIGKILL while several threads use a store, time and again on the "
          + "same store, and checks after it that no promise was broken.",
      "The seed fixes what is written, but not how threads interleave."
    })
public final class KillCommand implements Callable<Integer> {

  /** Cycles on one store, before another takes its place. */
  private static final int CYCLES_A_STORE = 50;

  @Option(
      names = "--count",
      defaultValue = "1000",
      description = "Kills, in all. Default: ${DEFAULT-VALUE}.")
  private int count;

  @Option(names = "--seed", description = "Of the first store. Default: a new one.")
  private @Nullable Long seed;

  @Option(names = "--mode", description = "One of ${COMPLETION-CANDIDATES}. Default: both in turn.")
  private @Nullable StoreMode mode;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    long first = seed == null ? System.nanoTime() : seed;
    PrintWriter out = spec.commandLine().getOut();
    out.println("seed " + first);
    long start = System.nanoTime();
    int kills = 0;
    long operations = 0;
    for (int i = 0; kills < count; i++) {
      StoreMode[] modes = StoreMode.values();
      StoreMode next = mode == null ? modes[i % modes.length] : mode;
      Path directory = Files.createTempDirectory("quarry-kill");
      KillCampaign campaign = new KillCampaign(directory, next, first + i);
      try {
        campaign.run(Math.min(CYCLES_A_STORE, count - kills));
      } catch (AssertionError e) {
        e.printStackTrace(out);
        out.println(
            "a promise was broken; the store is in "
                + directory
                + ", as it was left by the kill in "
                + KillCampaign.KILLED);
        return 1;
      }
      kills += campaign.cycles();
      operations += campaign.operations();
      double seconds = (System.nanoTime() - start) / 1e9;
      out.println(campaign.summary());
      out.printf(
          Locale.ROOT,
          "%d kills, %.2f a second, %d operations acknowledged, nothing lost%n",
          kills,
          kills / seconds,
          operations);
      out.flush();
      Trees.delete(directory);
    }
    return 0;
  }
}
