package dev.quarry.crash.planted;

import dev.quarry.crash.planted.PlantedTable.Row;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Plants bugs in the product, and looks whether its tests catch them. */
@Command(
    name = "planted",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    sortOptions = false,
    description = {
      "Plants bugs in a copy of the sources, and looks whether the tests catch them.",
      "",
      "Each patch of crash-tests/planted is applied to a copy of the files it changes, these are"
          + " compiled and put in front of the classes that were built, and the tests that the patch"
          + " names are run up to the first that fails; a bug that makes them hang is caught, too."
          + " Before that, the same tests are run without a patch: they must all pass.",
      "",
      "The checkout must be built: mvn package -DskipTests. What the tests print is in"
          + " crash-tests/target/planted."
    },
    footer = {
      "",
      "Exit code 0: all bugs were caught; 1: one was not, or a patch does not apply; 2: arguments"
          + " not understood."
    })
public final class PlantedCommand implements Callable<Integer> {

  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Spec private CommandSpec spec;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Plant the bugs of which the name contains this.")
  private @Nullable String only;

  @Option(
      names = "--checkout",
      paramLabel = "DIR",
      defaultValue = ".",
      description = "Where the sources are; the current directory by default.")
  private Path checkout;

  @Option(names = "--list", description = "Only say which bugs there are.")
  private boolean list;

  @Override
  public Integer call() throws IOException {
    Path root = checkout.toAbsolutePath().normalize();
    if (!Files.isDirectory(root.resolve("crash-tests/planted"))) {
      throw new ParameterException(spec.commandLine(), root + " is not a checkout of Quarry");
    }
    List<Plant> plants =
        Plant.readAll(root).stream()
            .filter(plant -> only == null || plant.name().contains(only))
            .toList();
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      plants.forEach(plant -> out.println(plant.name() + ": " + plant.bug()));
      return 0;
    }
    return run(root, plants, out);
  }

  private static int run(Path root, List<Plant> plants, PrintWriter out) throws IOException {
    Path scratch = root.resolve("crash-tests/target/planted");
    List<Path> classes = plant(root, plants, scratch, out);
    TestRuns runs = new TestRuns(root, LIMIT);
    if (classes.size() < plants.size() || !passWithoutBugs(plants, runs, scratch, out)) {
      return 1;
    }
    PlantedTable table = new PlantedTable();
    for (int i = 0; i < plants.size(); i++) {
      Plant plant = plants.get(i);
      long start = System.nanoTime();
      String caughtBy = runs.run(plant.tests(), classes.get(i), scratch.resolve(plant.name()));
      Row row = new Row(plant, caughtBy, since(start));
      table.add(row);
      out.printf(
          "%s: %s, %.1f s%n",
          plant.name(), caughtBy == null ? "NOT CAUGHT" : caughtBy, row.seconds());
      out.flush();
    }
    out.printf("%n%s%n%d bugs, %d not caught%n", table, plants.size(), table.uncaught());
    return table.uncaught() == 0 ? 0 : 1;
  }

  /** Plants all, so that what cannot be planted is known before any test is run. */
  private static List<Path> plant(Path root, List<Plant> plants, Path scratch, PrintWriter out)
      throws IOException {
    List<Path> classes = new ArrayList<>();
    try (Planting planting = new Planting(root, TestRuns.classPath(root))) {
      for (Plant plant : plants) {
        try {
          classes.add(planting.plant(plant, scratch.resolve(plant.name())));
        } catch (PlantingException e) {
          out.println(e.getMessage());
        }
      }
    }
    return classes;
  }

  /** A test that fails anyway shows nothing. */
  private static boolean passWithoutBugs(
      List<Plant> plants, TestRuns runs, Path scratch, PrintWriter out) throws IOException {
    long start = System.nanoTime();
    List<TestClass> tests =
        plants.stream().flatMap(plant -> plant.tests().stream()).distinct().toList();
    String failed = runs.run(tests, null, scratch.resolve("nothing"));
    if (failed != null) {
      out.println("without any bug planted, a test fails, so nothing can be told: " + failed);
      return false;
    }
    out.printf("%d classes of tests pass without a bug: %.0f s%n", tests.size(), since(start));
    out.flush();
    return true;
  }

  private static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
