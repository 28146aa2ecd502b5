package dev.quarry.wal;

import static org.junit.jupiter.api.Assertions.fail;

import dev.quarry.BlobStoreException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.Survival;
import dev.quarry.wal.LogHistory.Kind;
import dev.quarry.wal.LogHistory.Step;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.Tuple;

/**
 * Random histories of several logs, with the power failing at any I/O call. Whatever the disk then
 * holds is a prefix of what was written, in order, with everything acknowledged and nothing
 * refused; and recovery, which may crash too, makes whole segments of just that.
 */
class LogCrashTest {

  private static final UnaryOperator<Disk> HONEST = UnaryOperator.identity();

  @Provide
  Arbitrary<List<Step>> histories() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            Tuple.of(12, Kind.PUT),
            Tuple.of(3, Kind.DELETE),
            Tuple.of(8, Kind.COMMIT),
            Tuple.of(1, Kind.ROTATE),
            Tuple.of(2, Kind.PROMOTE),
            Tuple.of(1, Kind.FULL),
            Tuple.of(1, Kind.INTERRUPT));
    Arbitrary<Integer> sizes =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.integers().between(0, 400)),
            Tuple.of(3, Arbitraries.integers().between(3_900, 4_200)),
            Tuple.of(2, Arbitraries.integers().between(4_000, 20_000)));
    Arbitrary<List<Step>> steps =
        Combinators.combine(kinds, sizes).as(Step::new).list().ofMinSize(1).ofMaxSize(50);
    Arbitrary<Step> failure =
        Arbitraries.integers().between(0, 7).map(calls -> new Step(Kind.FAIL, calls));
    return Combinators.combine(steps, failure.list().ofMaxSize(1))
        .as((good, bad) -> good.isEmpty() || bad.isEmpty() ? good : withFailure(good, bad.get(0)));
  }

  private static List<Step> withFailure(List<Step> steps, Step failure) {
    List<Step> changed = new ArrayList<>(steps);
    changed.add(steps.size() * failure.size() / 8, failure);
    return changed;
  }

  @Property(tries = 600)
  void aCrashLeavesAPrefixWithEverythingAcknowledged(
      @ForAll("histories") List<Step> steps, @ForAll long seed) throws IOException {
    check(steps, seed, HONEST);
  }

  private static void check(List<Step> steps, long seed, UnaryOperator<Disk> decorator)
      throws IOException {
    Random random = new Random(seed);
    LogHistory history = new LogHistory(seed, decorator);
    if (random.nextInt(4) > 0) {
      history.disk().crashAt(history.disk().ioCalls() + 1 + random.nextInt(3 * steps.size()));
    }
    history.run(steps);
    for (Survival survival : Survival.values()) {
      history.check(survival, random.nextLong(), decorator);
    }
  }

  /** One history of everything there is, and a crash at each of its calls. */
  @Property(tries = 2)
  void aCrashAtAnyCallLeavesAPrefix(@ForAll long seed) throws IOException {
    List<Step> steps =
        histories().list().ofSize(3).generator(100).next(new Random(seed)).value().stream()
            .flatMap(List::stream)
            .filter(step -> step.kind() != Kind.FAIL)
            .toList();
    boolean crashed = true;
    for (int call = 1; crashed; call++) {
      LogHistory history = new LogHistory(seed, HONEST);
      history.disk().crashAt(history.disk().ioCalls() + call);
      history.run(steps);
      crashed = history.hasCrashed();
      for (Survival survival : Survival.values()) {
        history.check(survival, seed + call, HONEST);
      }
    }
  }

  /** A check that cannot fail proves nothing: none of these lies may pass. */
  @Property(generation = GenerationMode.EXHAUSTIVE)
  void aDiskThatLiesIsFoundOut(@ForAll LyingDisk.Lie lie) throws IOException {
    RandomGenerator<List<Step>> histories = histories().generator(100);
    for (long seed = 0; seed < 2_000; seed++) {
      List<Step> steps = histories.next(new Random(seed)).value();
      try {
        check(steps, seed, disk -> new LyingDisk(disk, lie));
      } catch (AssertionError | BlobStoreException e) {
        System.out.println(lie + " was found out at seed " + seed + ": " + e);
        return;
      }
    }
    fail("nothing showed that this is not done: " + lie);
  }
}
