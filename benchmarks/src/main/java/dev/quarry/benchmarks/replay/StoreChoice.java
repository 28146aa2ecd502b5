package dev.quarry.benchmarks.replay;

import dev.quarry.benchmarks.measure.ScratchDirectory;
import dev.quarry.benchmarks.measure.ScratchOption;
import java.io.IOException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options by which a replay goes to a store. */
final class StoreChoice {

  @Option(
      names = "--store",
      description = {
        "Replay to a store in cache mode, by its public methods: a get, and after a miss a put. All"
            + " objects are of one size, such that what the store is for (85 %% of maxBytes less"
            + " three segments) is so many of them and spans 64 of the smallest segments, 72 KiB; of"
            + " fewer than 64 objects each takes a segment. The store evicts in the background: the"
            + " number of objects is sampled, and what exceeds the capacity waited for, after every"
            + " 256th part of the capacity is put."
      })
  private boolean store;

  @Option(
      names = "--kill",
      description =
          "Replay the first half in another process, which then ends without closing the store, and"
              + " the second half after opening it again.")
  private boolean kill;

  @Mixin private ScratchOption scratch;

  /** Refuses what makes no sense without a store. */
  void check(CommandSpec spec) {
    if (!store && (kill || scratch.isGiven())) {
      throw new ParameterException(
          spec.commandLine(), "--kill and --directory are for --store only");
    }
  }

  boolean store() {
    return store;
  }

  boolean kill() {
    return kill;
  }

  /** A directory for a store; see {@link ScratchOption#create}. */
  ScratchDirectory scratch(CommandSpec spec) throws IOException {
    return scratch.create(spec);
  }
}
