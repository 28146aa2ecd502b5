package dev.quarry.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.Main;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** Runs microbenchmarks, all of which are JMH's. */
@Command(
    name = "jmh",
    description = "Runs the microbenchmarks; takes the arguments of JMH, which -h lists.")
final class JmhCommand implements Callable<Integer> {

  @Option(names = "--help", usageHelp = true, description = "Show this help message and exit.")
  @SuppressWarnings("UnusedVariable") // only its presence matters
  private boolean help;

  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    Main.main(arguments.toArray(String[]::new));
    return 0;
  }
}
