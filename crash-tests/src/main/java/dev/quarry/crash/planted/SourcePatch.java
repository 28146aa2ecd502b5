package dev.quarry.crash.planted;

import com.github.difflib.UnifiedDiffUtils;
import com.github.difflib.patch.Patch;
import com.github.difflib.patch.PatchFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A change of one source file.
 *
 * @param file below the checkout
 * @param change of its lines
 */
record SourcePatch(Path file, Patch<String> change) {

  private static final String FROM = "--- a/";

  /** Reads the changes of a unified diff, one for each file. */
  static List<SourcePatch> parse(List<String> diff) {
    List<SourcePatch> patches = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= diff.size(); i++) {
      if (i == diff.size() || diff.get(i).startsWith(FROM)) {
        patches.add(parseOne(diff.subList(start, i)));
        start = i;
      }
    }
    return patches;
  }

  private static SourcePatch parseOne(List<String> diff) {
    Path file = Path.of(diff.get(0).substring(FROM.length()));
    Patch<String> change = UnifiedDiffUtils.parseUnifiedDiff(diff);
    if (change.getDeltas().isEmpty()) {
      throw new IllegalArgumentException("the diff of " + file + " changes nothing");
    }
    return new SourcePatch(file, change);
  }

  /** Whether a line begins a diff. */
  static boolean begins(String line) {
    return line.startsWith(FROM);
  }

  /**
   * Makes a changed copy of the file. The lines around each change must be as they were when the
   * patch was made, but may have moved.
   *
   * @return the copy
   * @throws PatchFailedException if the patch does not apply any more
   */
  Path apply(Path checkout, Path to) throws IOException, PatchFailedException {
    List<String> changed = change.applyFuzzy(Files.readAllLines(checkout.resolve(file)), 0);
    Path copy = to.resolve(file);
    Files.createDirectories(copy.resolveSibling("."));
    return Files.write(copy, changed);
  }
}
