package dev.quarry.crash.planted;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.github.difflib.patch.PatchFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlantTest {

  private static final List<String> PATCH =
      List.of(
          "Class: Sequence regression",
          "Bug: two is three",
          "Test: segment/dev.quarry.segment.SlabTest, wal/dev.quarry.wal.TornTailTest",
          "",
          "--- a/one.txt",
          "+++ b/one.txt",
          "@@ -1,3 +1,3 @@",
          " one",
          "-two",
          "+three",
          " four",
          "--- a/other.txt",
          "+++ b/other.txt",
          "@@ -1,1 +1,1 @@",
          "-five",
          "+six");

  @TempDir private Path directory;

  private Path applied(String... lines) throws IOException, PatchFailedException {
    Files.write(directory.resolve("one.txt"), List.of(lines));
    SourcePatch patch = Plant.parse("two", PATCH).patches().get(0);
    return patch.apply(directory, directory.resolve("copy"));
  }

  @Test
  void thePatchSaysWhatItIs() {
    Plant plant = Plant.parse("two", PATCH);
    assertEquals(BugClass.SEQUENCE_REGRESSION, plant.bugClass());
    assertEquals("two is three", plant.bug());
    assertEquals(
        List.of(
            new TestClass("segment", "dev.quarry.segment.SlabTest"),
            new TestClass("wal", "dev.quarry.wal.TornTailTest")),
        plant.tests());
    assertEquals(
        List.of(Path.of("one.txt"), Path.of("other.txt")),
        plant.patches().stream().map(SourcePatch::file).toList());
  }

  @Test
  void onlyACopyIsChanged() throws Exception {
    Path copy = applied("one", "two", "four");
    assertEquals(List.of("one", "three", "four"), Files.readAllLines(copy));
    assertEquals(List.of("one", "two", "four"), Files.readAllLines(directory.resolve("one.txt")));
  }

  @Test
  void aPatchFollowsLinesThatHaveMoved() throws Exception {
    Path copy = applied("zero", "zero", "zero", "one", "two", "four");
    assertEquals(List.of("zero", "zero", "zero", "one", "three", "four"), Files.readAllLines(copy));
  }

  @Test
  void aPatchOfLinesThatHaveChangedDoesNotApply() {
    assertThrows(PatchFailedException.class, () -> applied("one", "too", "four"));
    assertThrows(PatchFailedException.class, () -> applied("one", "two", "five"));
  }

  @Test
  void aPatchMustSayWhatItIs() {
    for (int i = 0; i < 3; i++) {
      List<String> without = new ArrayList<>(PATCH);
      without.remove(i);
      assertThrows(IllegalArgumentException.class, () -> Plant.parse("two", without));
    }
    assertThrows(IllegalArgumentException.class, () -> Plant.parse("two", PATCH.subList(0, 4)));
  }

  @Test
  void everyClassIsNamedInItsOwnWords() {
    for (BugClass each : BugClass.values()) {
      assertEquals(each, BugClass.called(each.toString()));
    }
    assertThrows(IllegalArgumentException.class, () -> BugClass.called("none"));
  }
}
