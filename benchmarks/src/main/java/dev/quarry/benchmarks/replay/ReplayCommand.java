package dev.quarry.benchmarks.replay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quarry.benchmarks.measure.ScratchDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays a trace to the eviction policy of the store, or to a store. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Replays a trace of requests to a cache and counts the misses.",
      "",
      "Without --store it drives the code by which a store evicts, alone: the capacity is in"
          + " objects, whatever their sizes, and one is evicted at a time."
    },
    footer = {"", "Exit code 0: done; 1: failed; 2: arguments or input not understood."})
public final class ReplayCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "TRACE",
      description = "File of lines 'key size', plain or compressed by Zstandard.")
  private Path trace;

  @Option(
      names = "--capacity",
      paramLabel = "OBJECTS",
      required = true,
      description = "How many objects the cache holds.")
  private int capacity;

  @Option(
      names = "--policy",
      paramLabel = "POLICY",
      required = true,
      description =
          "sieve: SIEVE as published; default: with the grace zone and the ghost that a store has.")
  private Policy policy;

  @Mixin private StoreChoice choice;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws TraceException, IOException {
    if (capacity < 1 || capacity > PolicyCache.MOST_OBJECTS) {
      throw new ParameterException(
          spec.commandLine(),
          "--capacity is " + capacity + ", not from 1 to " + PolicyCache.MOST_OBJECTS);
    }
    choice.check(spec);
    if (choice.store()) {
      StoreShape shape = StoreShape.of(capacity);
      try (ScratchDirectory scratch = choice.scratch(spec)) {
        StoreReplay replay = new StoreReplay(trace, shape, policy);
        StoreReplay.Result result = replay.run(scratch.path(), choice.kill());
        print(result.replay(), shape, result);
      }
    } else {
      print(new Trace(trace).replay(new PolicyCache(capacity, policy)), null, null);
    }
    return 0;
  }

  private void print(Replay replay, @Nullable StoreShape shape, StoreReplay.@Nullable Result result)
      throws JsonProcessingException {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(replay, shape, result));
    } else {
      out.printf(
          Locale.ROOT,
          "%d misses in %d requests (%.2f %%)%n",
          replay.misses(),
          replay.requests(),
          100 * replay.missRatio());
      if (shape != null && result != null) {
        print(out, shape, result);
      }
    }
    out.flush();
  }

  private void print(PrintWriter out, StoreShape shape, StoreReplay.Result result) {
    if (choice.kill()) {
      out.printf(
          "%d of them before the kill, %d after it%n",
          result.first().replay().misses(), result.second().replay().misses());
    }
    Occupancy seen = result.occupancy();
    out.printf(
        Locale.ROOT,
        "%.1f objects on average, at most %d, by %d samples; %d times above %d for a second%n",
        seen.mean(),
        seen.most(),
        seen.samples(),
        seen.overdue(),
        capacity);
    out.printf(
        "values of %d bytes, segments of %d, maxBytes %d%n",
        shape.valueBytes(), shape.segmentBytes(), shape.maxBytes());
  }

  private String json(
      Replay replay, @Nullable StoreShape shape, StoreReplay.@Nullable Result result)
      throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode all = mapper.createObjectNode();
    all.put("trace", trace.toString());
    all.put("capacity", capacity);
    all.put("policy", policy.name().toLowerCase(Locale.ROOT));
    all.put("requests", replay.requests());
    all.put("misses", replay.misses());
    all.put("missRatio", replay.missRatio());
    if (shape != null && result != null) {
      all.put("killed", choice.kill());
      all.put("missesBeforeKill", result.first().replay().misses());
      all.put("missesAfterKill", result.second().replay().misses());
      all.put("meanObjects", result.occupancy().mean());
      all.put("mostObjects", result.occupancy().most());
      all.put("samples", result.occupancy().samples());
      all.put("overdue", result.occupancy().overdue());
      all.put("valueBytes", shape.valueBytes());
      all.put("segmentBytes", shape.segmentBytes());
      all.put("maxBytes", shape.maxBytes());
    }
    return mapper.writeValueAsString(all);
  }
}
