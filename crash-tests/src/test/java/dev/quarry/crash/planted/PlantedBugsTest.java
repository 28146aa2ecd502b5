package dev.quarry.crash.planted;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The planted bugs are still bugs of the sources as they are; whether they are caught, the command
 * tells.
 */
@Tag("slow")
class PlantedBugsTest {

  private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

  private static List<Plant> plants = List.of();

  @TempDir private Path scratch;

  @BeforeAll
  static void read() throws IOException {
    plants = Plant.readAll(CHECKOUT);
  }

  @Test
  void everyPatchAppliesAndCompiles() throws IOException {
    try (Planting planting = new Planting(CHECKOUT, System.getProperty("java.class.path"))) {
      for (Plant plant : plants) {
        planting.plant(plant, scratch.resolve(plant.name()));
      }
    }
  }

  @Test
  void everyClassOfBugsIsPlantedTwiceOrMore() {
    Map<BugClass, Integer> count = new EnumMap<>(BugClass.class);
    plants.forEach(plant -> count.merge(plant.bugClass(), 1, Integer::sum));
    for (BugClass each : BugClass.values()) {
      assertTrue(count.getOrDefault(each, 0) >= 2, each + ": " + count.get(each));
    }
  }

  @Test
  void everyTestThatShouldCatchABugIsThere() {
    for (Plant plant : plants) {
      for (TestClass test : plant.tests()) {
        assertTrue(Files.exists(test.source(CHECKOUT)), plant.name() + ": " + test);
        assertTrue(TestRuns.MODULES.contains(test.module()), plant.name() + ": " + test);
      }
    }
  }

  @Test
  void noTwoBugsHaveTheSameWords() {
    assertEquals(plants.size(), plants.stream().map(Plant::bug).distinct().count());
  }
}
