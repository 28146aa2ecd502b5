package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.index.Verdict;
import dev.quarry.segment.LincheckActors;
import dev.quarry.segment.LincheckBudget;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.LincheckAssertionError;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.annotations.Validate;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.ManagedStrategyGuaranteeKt;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compaction that moves a record while others overwrite, delete and evict it is linearizable: a
 * move is seen by nobody, the latest wins, and what is counted as live is what the index leads to.
 *
 * <p>One key has four records, numbered in their order: two puts in an old segment, of which there
 * is a compacted copy with a higher id, and a put and a tombstone in a newer segment.
 */
@Tag("lincheck")
class RelocationLincheckTest {

  @Param(name = "put", gen = IntGen.class, conf = "1:3")
  @Param(name = "moved", gen = IntGen.class, conf = "1:2")
  public abstract static class Users {

    /** Made by the first operation, as Lincheck would look into it before, and cannot. */
    private volatile @Nullable RelocationStore store;

    final RelocationStore store() {
      RelocationStore seen = store;
      return seen == null ? make() : seen;
    }

    private synchronized RelocationStore make() {
      RelocationStore made = store;
      if (made == null) {
        made = create();
        store = made;
      }
      return made;
    }

    RelocationStore create() {
      return new RelocationStore();
    }

    @Operation
    public boolean put(@Param(name = "put") int number) {
      return store().publish(number);
    }

    @Operation
    public boolean delete() {
      return store().publish(RelocationStore.TOMBSTONE);
    }

    @Operation
    public void relocate(@Param(name = "moved") int number) {
      store().relocate(number);
    }

    @Operation
    public boolean evict(@Param(name = "put") int number) {
      return evict(RelocationStore.home(number).location(number));
    }

    @Operation
    public boolean evictCopy(@Param(name = "moved") int number) {
      return evict(RelocationStore.COPY.location(number));
    }

    private boolean evict(long location) {
      RelocationStore in = store();
      Replaced out = new Replaced();
      return in.directory.evictUnlessVisited(in.hash[0], in.hash[1], location, out)
          == Verdict.EVICTED;
    }

    /** The number of the record that the key leads to; 0 if to none. */
    @Operation
    public int find() {
      long location = store().directory.find(store().scratch());
      for (int number = 1; number <= RelocationStore.TOMBSTONE; number++) {
        if (location == RelocationStore.home(number).location(number)
            || (number < 3 && location == RelocationStore.COPY.location(number))) {
          return number;
        }
      }
      return 0;
    }

    /** Called when all threads are done. */
    @Validate
    public void accountsAreRight() {
      store().checkAccounts();
    }
  }

  /** What the operations mean. */
  public static final class Model {

    private int newest;
    private boolean moved;

    public boolean put(int number) {
      if (newest >= number) {
        return false;
      }
      newest = number;
      moved = false;
      return true;
    }

    public boolean delete() {
      return put(RelocationStore.TOMBSTONE);
    }

    public void relocate(int number) {
      moved |= newest == number;
    }

    public boolean evict(int number) {
      return forget(newest == number && !moved);
    }

    public boolean evictCopy(int number) {
      return forget(newest == number && moved);
    }

    private boolean forget(boolean evicted) {
      newest = evicted ? 0 : newest;
      moved &= !evicted;
      return evicted;
    }

    public int find() {
      return newest;
    }
  }

  public static final class RealUsers extends Users {}

  /** The same with one store for all invocations, as making one takes long. */
  public static final class ReusingUsers extends Users {

    private static final RelocationStore SHARED = new RelocationStore();

    public ReusingUsers() {
      SHARED.clear();
    }

    @Override
    RelocationStore create() {
      return SHARED;
    }
  }

  /** Looks whether the record is the newest first, and has readers go elsewhere then. */
  public static final class MovesInTwoSteps extends Users {
    @Operation
    @Override
    public void relocate(@Param(name = "moved") int number) {
      RelocationStore in = store();
      if (find() == number) {
        in.copy.addLive(RelocationStore.length());
        in.old.addLive(-RelocationStore.length());
        in.directory
            .index()
            .publish(
                in.hash[0],
                in.hash[1],
                RelocationStore.COPY.location(number),
                RelocationStore.length(),
                number,
                false,
                (existing, sequence) -> true,
                new Replaced());
      }
    }
  }

  /** Counts a record as moved also if it was not. */
  public static final class CountsBlindly extends Users {
    @Operation
    @Override
    public void relocate(@Param(name = "moved") int number) {
      RelocationStore in = store();
      in.directory
          .index()
          .relocate(
              in.hash[0],
              in.hash[1],
              RelocationStore.OLD.location(number),
              RelocationStore.COPY.location(number));
      in.copy.addLive(RelocationStore.length());
      in.old.addLive(-RelocationStore.length());
    }
  }

  /** Takes the record in the segment with the higher id for the newer one. */
  public static final class JudgesByIds extends Users {
    @Operation
    @Override
    public boolean put(@Param(name = "put") int number) {
      RelocationStore in = store();
      long location = in.directory.find(in.scratch());
      return (location == Location.NONE || Location.segment(location) < (number < 3 ? 1 : 2))
          && super.put(number);
    }
  }

  private static final List<ExecutionScenario> RACES =
      List.of(
          scenario(List.of(actor("relocate", 1)), List.of(actor("put", 3), actor("find"))),
          scenario(List.of(actor("relocate", 1)), List.of(actor("delete"), actor("put", 2))),
          scenario(
              List.of(actor("relocate", 1)), List.of(actor("evict", 1), actor("evictCopy", 1))),
          scenario(List.of(actor("relocate", 1), actor("relocate", 2)), List.of(actor("put", 2))));

  private static ExecutionScenario scenario(List<Actor> one, List<Actor> other) {
    return new ExecutionScenario(
        List.of(actor("put", 1)), List.of(one, other), List.of(actor("find")), null);
  }

  private static Actor actor(String name, Object... arguments) {
    return LincheckActors.actor(Users.class, name, arguments);
  }

  private static ModelCheckingOptions modelChecking(int invocations) {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .sequentialSpecification(Model.class)
            .invocationsPerIteration(invocations)
            .threads(2)
            .actorsBefore(2)
            .actorsPerThread(2)
            .actorsAfter(1)
            .minimizeFailedScenario(false)
            .hangingDetectionThreshold(10_000) // The index is made in a loop.
            // These have tests of their own.
            .addGuarantee(
                ManagedStrategyGuaranteeKt.forClasses(
                        name ->
                            name.startsWith("dev.quarry.segment.")
                                || name.startsWith("dev.quarry.index.")
                                || name.startsWith("dev.quarry.bloom.")
                                || name.startsWith("org.agrona."))
                    .allMethods()
                    .treatAsAtomic())
            // The class knows its threads, and with them all that Lincheck is.
            .addGuarantee(
                ManagedStrategyGuaranteeKt.forClasses("dev.quarry.Scratch").allMethods().ignore());
    RACES.forEach(options::addCustomScenario);
    return options;
  }

  @Test
  void noInterleavingMovesWhatIsNotTheNewest() {
    int random = LincheckBudget.modelledIterationsBeside(RACES.size());
    LinChecker.check(
        RealUsers.class, modelChecking(LincheckBudget.modelledInvocations()).iterations(random));
  }

  @Test
  void stressMovesNothingThatIsNotTheNewest() {
    StressOptions options =
        new StressOptions()
            .sequentialSpecification(Model.class)
            .iterations(LincheckBudget.iterationsBeside(RACES.size()))
            .invocationsPerIteration(LincheckBudget.invocations())
            .threads(3)
            .actorsBefore(2)
            .actorsPerThread(2)
            .actorsAfter(1)
            .minimizeFailedScenario(false);
    RACES.forEach(options::addCustomScenario);
    LinChecker.check(ReusingUsers.class, options);
  }

  @ParameterizedTest
  @ValueSource(classes = {MovesInTwoSteps.class, CountsBlindly.class, JudgesByIds.class})
  void theCheckerFindsEachPlantedBug(Class<? extends Users> users) {
    ModelCheckingOptions options = modelChecking(LincheckBudget.ENOUGH_FOR_A_BUG).iterations(0);
    Throwable e =
        assertThrows(LincheckAssertionError.class, () -> LinChecker.check(users, options));
    assertFalse(e.getMessage().contains("hung"), e.getMessage());
  }
}
