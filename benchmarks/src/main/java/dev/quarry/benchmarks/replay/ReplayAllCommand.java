package dev.quarry.benchmarks.replay;

import dev.quarry.benchmarks.measure.Report;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays all traces that there are reference counts of, and judges the misses. */
@Command(
    name = "replay-all",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Replays every trace and capacity of a reference, and compares the misses with its counts.",
      "",
      "The reduction is by how much less the default policy misses than FIFO does. The bars: a mean"
          + " of at least 9.5 %%, and no row below -1.5 %%; of the policy alone, SIEVE misses exactly"
          + " as often as the reference; with --kill, the mean is within a point of what it is"
          + " without.",
      "",
      "live: the mean number of objects as a share of the capacity, from when the first was put."
          + " most: the most objects seen. overdue: how often a store, given a second, did not come"
          + " down to its capacity. mostMissesMoreIfKilled: of the row that suffers most, as a"
          + " share."
    },
    footer = {
      "",
      "Exit code 0: all bars held; 1: one was missed, or it failed; 2: arguments or input not"
          + " understood."
    })
public final class ReplayAllCommand implements Callable<Integer> {

  private static final double LEAST_MEAN = 0.095;
  private static final double LEAST_REDUCTION = -0.015;
  private static final double MOST_LOST_BY_KILL = 0.01;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "REFERENCE", description = "Directory of golden_misses.csv and traces/.")
  private Path reference;

  @Mixin private StoreChoice choice;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /**
   * One row of the table.
   *
   * @param misses of the default policy
   * @param reduction of them against FIFO, as a share
   * @param ownSieve misses of SIEVE alone; 0 when replayed to a store
   * @param ifKilled misses of the default policy when the store is killed; 0 if it was not to be
   * @param reductionIfKilled of those against FIFO; 0 likewise
   * @param live mean objects as a share of the capacity, of all replays; 1 for the policy alone
   * @param most objects at any sample
   * @param overdue how often a store, given a second, did not come down to its capacity
   */
  record Row(
      String trace,
      int capacity,
      long fifo,
      long sieve,
      long misses,
      double reduction,
      long ownSieve,
      long ifKilled,
      double reductionIfKilled,
      double live,
      long most,
      long overdue) {}

  @Override
  public Integer call() throws TraceException, IOException {
    choice.check(spec);
    PrintWriter out = spec.commandLine().getOut();
    List<Reference.Row> all = new Reference(reference).rows();
    List<Row> rows = new ArrayList<>();
    printHead(out);
    for (Reference.Row golden : all) {
      Row row = choice.store() ? store(golden) : alone(golden);
      rows.add(row);
      print(out, row);
    }
    return judge(rows).print(out, json);
  }

  private static Row alone(Reference.Row golden) throws TraceException {
    Trace trace = new Trace(golden.trace());
    int capacity = golden.capacity();
    long sieve = trace.replay(new PolicyCache(capacity, Policy.SIEVE)).misses();
    long misses = trace.replay(new PolicyCache(capacity, Policy.DEFAULT)).misses();
    return row(golden, misses, sieve, 0, new Occupancy(1, capacity, capacity, 0));
  }

  private Row store(Reference.Row golden) throws TraceException, IOException {
    StoreShape shape = StoreShape.of(golden.capacity());
    StoreReplay replay = new StoreReplay(golden.trace(), shape, Policy.DEFAULT);
    StoreReplay.Result whole = run(replay, false);
    if (!choice.kill()) {
      return row(golden, whole.replay().misses(), 0, 0, whole.occupancy());
    }
    StoreReplay.Result killed = run(replay, true);
    Occupancy seen = whole.occupancy().plus(killed.occupancy());
    return row(golden, whole.replay().misses(), 0, killed.replay().misses(), seen);
  }

  private StoreReplay.Result run(StoreReplay replay, boolean kill)
      throws TraceException, IOException {
    try (ScratchDirectory scratch = choice.scratch(spec)) {
      return replay.run(scratch.path(), kill);
    }
  }

  private static Row row(
      Reference.Row golden, long misses, long ownSieve, long ifKilled, Occupancy seen) {
    return new Row(
        golden.name(),
        golden.capacity(),
        golden.fifo(),
        golden.sieve(),
        misses,
        reduction(golden, misses),
        ownSieve,
        ifKilled,
        ifKilled == 0 ? 0 : reduction(golden, ifKilled),
        seen.mean() / golden.capacity(),
        seen.most(),
        seen.overdue());
  }

  private static double reduction(Reference.Row golden, long misses) {
    return 1 - (double) misses / golden.fifo();
  }

  private Report judge(List<Row> rows) {
    double mean = mean(rows, Row::reduction);
    double worst = rows.stream().mapToDouble(Row::reduction).min().orElseThrow();
    Report report = new Report();
    if (json) {
      report.put("rows", rows);
    }
    report.put("meanReduction", mean).put("worstReduction", worst);
    report.bar(mean >= LEAST_MEAN, "the mean reduction is %.2f %%, not 9.5 %%", 100 * mean);
    report.bar(worst >= LEAST_REDUCTION, "a row is %.2f %% worse than FIFO", -100 * worst);
    if (choice.kill()) {
      double killed = mean(rows, Row::reductionIfKilled);
      report.put("meanReductionIfKilled", killed);
      report.put("mostMissesMoreIfKilled", mostMoreIfKilled(rows));
      report.bar(
          killed >= mean - MOST_LOST_BY_KILL,
          "kills cost %.2f points of the mean reduction",
          100 * (mean - killed));
    }
    if (choice.store()) {
      report.put("overdue", rows.stream().mapToLong(Row::overdue).sum());
    } else {
      long inexact = rows.stream().filter(row -> row.ownSieve != row.sieve).count();
      report.put("rowsWhereSieveDiffers", inexact);
      report.bar(inexact == 0, "SIEVE differs from the reference in %d rows", inexact);
    }
    return report;
  }

  private static double mean(List<Row> rows, ToDoubleFunction<Row> figure) {
    return rows.stream().mapToDouble(figure).average().orElseThrow();
  }

  private static double mostMoreIfKilled(List<Row> rows) {
    return rows.stream()
        .mapToDouble(row -> (double) row.ifKilled / row.misses - 1)
        .max()
        .orElseThrow();
  }

  private void printHead(PrintWriter out) {
    if (!json) {
      out.printf(
          "%-24s %8s %9s %9s %9s %8s %10s %7s %7s%n",
          "trace",
          "capacity",
          "FIFO",
          "SIEVE",
          "default",
          "less",
          choice.store() ? "if killed" : "own SIEVE",
          "live",
          "most");
    }
  }

  private void print(PrintWriter out, Row row) {
    if (!json) {
      out.printf(
          Locale.ROOT,
          "%-24s %8d %9d %9d %9d %6.2f %% %10d %5.1f %% %7d%n",
          row.trace,
          row.capacity,
          row.fifo,
          row.sieve,
          row.misses,
          100 * row.reduction,
          choice.store() ? row.ifKilled : row.ownSieve,
          100 * row.live,
          row.most);
      out.flush();
    }
  }
}
