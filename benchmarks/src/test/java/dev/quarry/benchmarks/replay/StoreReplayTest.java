package dev.quarry.benchmarks.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quarry.benchmarks.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class StoreReplayTest {

  private static final int REQUESTS = 2_500;
  private static final int NAMES = 300;

  /** What eviction in the background, and by whole segments, may cost or bring. */
  private static final double TOLERANCE = 0.05;

  @TempDir private Path directory;

  private Path trace;

  @BeforeEach
  void writeTrace() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    trace = Files.createDirectories(directory.resolve("traces")).resolve("skewed.txt.zst");
    Files.writeString(
        trace,
        IntStream.range(0, REQUESTS)
            .mapToObj(i -> "object-" + (int) (NAMES * Math.pow(random.nextDouble(), 3)) + " 1\n")
            .collect(Collectors.joining()));
  }

  private JsonNode replay(int capacity, String policy, String... options) throws IOException {
    String command = "replay " + trace + " --capacity " + capacity + " --json --policy " + policy;
    CommandRun run = CommandRun.of((command + " " + String.join(" ", options)).strip().split(" "));
    assertEquals("", run.err());
    assertEquals(0, run.exitCode());
    return run.json();
  }

  private String scratch() {
    return "--directory " + directory;
  }

  @ParameterizedTest
  @CsvSource({"10, default", "130, sieve", "200, default"})
  void aStoreMissesAboutAsOftenAsItsPolicyAlone(int capacity, String policy) throws IOException {
    double alone = replay(capacity, policy).get("misses").asDouble();
    JsonNode store = replay(capacity, policy, "--store", scratch());
    double misses = store.get("misses").asDouble();
    assertEquals(1, misses / alone, TOLERANCE, store::toString);
    assertTrue(store.get("meanObjects").asDouble() <= 1.01 * capacity, store::toString);
  }

  @Test
  void aStoreThatIsKilledHalfwayMissesAboutAsOften() throws IOException {
    double alone = replay(200, "default").get("misses").asDouble();
    JsonNode store = replay(200, "default", "--store", "--kill", scratch());
    double misses = store.get("misses").asDouble();
    assertEquals(1, misses / alone, TOLERANCE, store::toString);
    assertEquals(REQUESTS, store.get("requests").asLong());
    long before = store.get("missesBeforeKill").asLong();
    assertTrue(before > 0 && before < misses, store::toString);
    assertEquals(store.get("misses").asLong(), before + store.get("missesAfterKill").asLong());
  }

  @Test
  void allRowsOfAReferenceAreReplayedAndJudged() throws IOException {
    long sieve = replay(100, "sieve").get("misses").asLong();
    String head = "trace,mode,cache_size,policy,misses\nskewed,objects,100,FIFO,";
    Path golden = directory.resolve("golden_misses.csv");
    Files.writeString(golden, head + "2500\nskewed,objects,100,SIEVE," + sieve + "\n");
    CommandRun good = CommandRun.of("replay-all", directory.toString(), "--json");
    assertEquals(0, good.exitCode(), good::toString);
    assertEquals(sieve, good.json().get("rows").get(0).get("ownSieve").asLong());
    Files.writeString(golden, head + "100\nskewed,objects,100,SIEVE," + (sieve + 1) + "\n");
    CommandRun bad = CommandRun.of("replay-all", directory.toString(), "--json");
    assertEquals(1, bad.exitCode(), bad::toString);
    assertEquals(3, bad.json().get("missed").size(), bad::toString);
  }

  @Test
  void aReferenceOfOneRowGoesToAStoreToo() throws IOException {
    Files.writeString(
        directory.resolve("golden_misses.csv"),
        """
        trace,mode,cache_size,policy,misses
        skewed,objects,200,FIFO,2500
        skewed,objects,200,SIEVE,2500
        """);
    CommandRun run =
        CommandRun.of(
            "replay-all",
            directory.toString(),
            "--store",
            "--kill",
            "--directory",
            directory.toString());
    assertEquals(0, run.exitCode(), run::toString);
    assertTrue(run.out().contains("meanReductionIfKilled"), run::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 63, 64, 1000, 36_558, 1_000_000})
  void theCapacityIsThatOfTheObjectsAndNotOneMore(int objects) {
    StoreShape shape = StoreShape.of(objects);
    long record = 24L + StoreShape.KEY_BYTES + shape.valueBytes();
    long capacity = shape.options(Policy.DEFAULT).capacityBytes();
    assertTrue(capacity >= objects * record, "capacity " + capacity + " of " + shape);
    assertTrue(capacity < (objects + 1L) * record, "capacity " + capacity + " of " + shape);
    assertEquals(0, record % 8);
  }

  @Test
  void killingWithoutAStoreIsRefused() {
    CommandRun run =
        CommandRun.of("replay", trace.toString(), "--capacity", "1", "--policy", "sieve", "--kill");
    assertEquals(2, run.exitCode());
  }

  @Test
  void aMissingReferenceOrTraceIsRefusedInOneLine() throws IOException {
    assertRefused();
    Files.writeString(
        directory.resolve("golden_misses.csv"), "head\na,objects,1,FIFO,1\na,objects,1,SIEVE,1\n");
    assertRefused();
  }

  private void assertRefused() {
    CommandRun run = CommandRun.of("replay-all", directory.toString(), "--json");
    assertEquals(2, run.exitCode(), run::toString);
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run::toString);
  }
}
