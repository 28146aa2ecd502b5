package dev.quarry.crash.fuzz;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Feeds hostile files to a decoder, guided by what they make it do. */
@Command(
    name = "fuzz",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Feeds hostile files to what reads them, guided by coverage (Jazzer, in a JVM of its own).",
      "",
      "Each must be read within 10 seconds, in memory that its size justifies, or be refused by one"
          + " of the two exceptions that tell of a file's content. What new code was reached with is"
          + " left in the corpus directory, an input that broke a promise beside it."
    })
public final class FuzzCommand implements Callable<Integer> {

  private static final String JAZZER = "com.code_intelligence.jazzer.Jazzer";
  private static final int LONGEST_INPUT = 8192;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DECODER", description = "One of ${COMPLETION-CANDIDATES}.")
  private Decoder decoder;

  @Option(names = "--minutes", paramLabel = "N", description = "10 by default.")
  private int minutes = 10;

  @Option(names = "--seed", paramLabel = "S", description = "1 to 2^31 - 1; random by default.")
  private int seed = 1 + new Random().nextInt(Integer.MAX_VALUE - 1);

  @Option(
      names = "--corpus",
      paramLabel = "DIR",
      description = "Where corpora grow, each in a folder; crash-tests/target/corpus by default.")
  private Path corpus = Path.of("crash-tests", "target", "corpus");

  @Option(
      names = "--saved",
      paramLabel = "DIR",
      description = {
        "Corpora to begin with; crash-tests/src/test/resources/corpus by default.",
        "Good files are added to them."
      })
  private Path saved = Path.of("crash-tests", "src", "test", "resources", "corpus");

  @Option(
      names = "--merge",
      description = "Do not fuzz, but add to the saved corpus what reaches more than it does.")
  private boolean merge;

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    out.println("seed " + seed);
    out.flush();
    Path grown = Files.createDirectories(corpus.resolve(decoder.directory()));
    Path kept = saved.resolve(decoder.directory());
    if (merge) {
      Files.createDirectories(kept);
    }
    writeSeeds(grown);
    List<String> command = jvm();
    if (merge) {
      command.addAll(List.of("-merge=1", kept.toString(), grown.toString()));
    } else {
      command.add("-max_total_time=" + 60L * minutes);
      command.add("-artifact_prefix=" + corpus.resolve(decoder.directory() + "-"));
      command.add(grown.toString());
      if (Files.isDirectory(kept)) {
        command.add(kept.toString());
      }
    }
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0 ? 0 : 1;
  }

  private void writeSeeds(Path directory) throws IOException {
    int number = 0;
    for (byte[] input : decoder.seeds()) {
      Files.write(directory.resolve("good-" + number++), input);
    }
  }

  private List<String> jvm() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:MaxDirectMemorySize=512m", "-ea"));
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=off");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), JAZZER));
    command.add("--target_class=" + decoder.target().getName());
    command.add("--instrumentation_includes=dev.quarry.**");
    command.add("--reproducer_path=" + corpus);
    command.add("-seed=" + seed);
    command.add("-max_len=" + LONGEST_INPUT);
    command.add("-timeout=10");
    return command;
  }
}
