package dev.quarry.crash.damage;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Damages the files of stores at random. */
@Command(
    name = "flip",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Damages the files of stores at random, and looks whether a wrong byte is returned.",
      "",
      "A case damages one file of a store, verifies the store, opens it, reads all of it, and now"
          + " and then lets it compact, and reads all of it again. Everything follows from the seed"
          + " and the number of the case."
    })
public final class FlipCommand implements Callable<Integer> {

  private static final double NANOS_PER_HOUR = 3.6e12;

  @Spec private CommandSpec spec;

  @Option(names = "--count", paramLabel = "N", description = "Cases to run; 100000 by default.")
  private long count = 100_000;

  @Option(names = "--seed", paramLabel = "S", description = "A random one by default.")
  private long seed = new Random().nextLong();

  @Option(names = "--only", paramLabel = "N", description = "Run the one case of this number.")
  private @Nullable Long only;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to run them on; by default as many as there are processors.")
  private int threads = Runtime.getRuntime().availableProcessors();

  private final Queue<BrokenPromiseException> broken = new ConcurrentLinkedQueue<>();

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    out.println("seed " + seed);
    out.flush();
    FlipCampaign campaign = new FlipCampaign(seed);
    long start = System.nanoTime();
    if (only != null) {
      attempt(campaign, only, only + 1);
    } else {
      runAll(campaign);
    }
    print(out, campaign, System.nanoTime() - start);
    return broken.isEmpty() ? 0 : 1;
  }

  private void runAll(FlipCampaign campaign) throws InterruptedException {
    AtomicLong next = new AtomicLong();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(new Thread(() -> work(campaign, next), "flip-" + i));
    }
    workers.forEach(Thread::start);
    for (Thread worker : workers) {
      worker.join();
    }
  }

  private void work(FlipCampaign campaign, AtomicLong next) {
    long step = FlipCampaign.CASES_OF_A_STORE;
    for (long from = next.getAndAdd(step); from < count; from = next.getAndAdd(step)) {
      attempt(campaign, from, Math.min(count, from + step));
    }
  }

  private void attempt(FlipCampaign campaign, long from, long to) {
    try {
      campaign.run(from, to);
    } catch (BrokenPromiseException e) {
      broken.add(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void print(PrintWriter out, FlipCampaign campaign, long nanos) {
    long cases = 0;
    Map<Outcome, Long> sums = new EnumMap<>(Outcome.class);
    for (Map.Entry<Damage, Map<Outcome, Long>> row : campaign.counts().entrySet()) {
      out.println(row.getKey() + " " + row.getValue());
      row.getValue().forEach((outcome, n) -> sums.merge(outcome, n, Long::sum));
    }
    for (long n : sums.values()) {
      cases += n;
    }
    out.println("in all " + sums);
    out.printf("%,d cases, %,.0f an hour%n", cases, cases * NANOS_PER_HOUR / nanos);
    for (BrokenPromiseException e : broken) {
      out.println("BROKEN: " + e.getMessage());
    }
    out.flush();
  }
}
