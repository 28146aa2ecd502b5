package dev.quarry.crash.history;

import picocli.CommandLine.Option;

/** How histories are tried, as a command line says it. */
final class MannerOptions {

  @Option(
      names = "--share",
      defaultValue = "0.3",
      description =
          "Of the calls before which a crash is tried, 0 to 1; default: ${DEFAULT-VALUE}.")
  private double share;

  @Option(
      names = "--depth",
      defaultValue = "3",
      description = "Crashes during recovery, at most; default: ${DEFAULT-VALUE}.")
  private int depth;

  Trial.Manner manner() {
    return new Trial.Manner(share, depth);
  }
}
