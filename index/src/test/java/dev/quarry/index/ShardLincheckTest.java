package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.segment.LincheckActors;
import dev.quarry.segment.LincheckBudget;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.LincheckAssertionError;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.ManagedStrategyGuaranteeKt;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A shard is linearizable: every interleaving of its operations looks like one after the other.
 *
 * <p>The model checker switches threads at each access to off-heap memory. All keys share buckets,
 * and one of them, {@link #WANDERER}, is moved from its second bucket to its first when another is
 * published.
 */
@Tag("lincheck")
class ShardLincheckTest {

  private static final int WANDERER = CrowdedShard.WANDERER;

  private static final long[] LOWS = CrowdedShard.LOWS;

  // Operations that meet where the protocol is most delicate.

  private static final ExecutionScenario SLOT_REUSED_UNDER_A_LOOKUP =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("get", 0)),
          List.of(actor("removeIf", 0, 1), actor("publish", 1, 2)),
          List.of(actor("get", 0), actor("get", 1)));

  private static final ExecutionScenario KEY_MOVED_UNDER_A_LOOKUP =
      scenario(
          List.of(),
          List.of(actor("get", WANDERER)),
          List.of(actor("publish", 0, 1)),
          List.of(actor("get", WANDERER)));

  private static final ExecutionScenario SLOT_REUSED_UNDER_A_MARK =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("getAndMark", 0)),
          List.of(actor("removeIf", 0, 1), actor("publish", 1, 1)),
          List.of(actor("evict", 1, 1)));

  private static final ExecutionScenario KEY_MOVED_UNDER_A_MARK =
      scenario(
          List.of(),
          List.of(actor("getAndMark", WANDERER)),
          List.of(actor("publish", 0, 1)),
          List.of(actor("evict", WANDERER, 1)));

  private static final ExecutionScenario MARKS_IN_ONE_BUCKET =
      scenario(
          List.of(actor("publish", 0, 1), actor("publish", 1, 1), actor("getAndMark", 0)),
          List.of(actor("getAndMark", 1)),
          List.of(actor("evict", 0, 1)),
          List.of(actor("evict", 1, 1)));

  private static final ExecutionScenario TWO_WRITERS_IN_ONE_BUCKET =
      scenario(
          List.of(),
          List.of(actor("publish", 0, 1)),
          List.of(actor("publish", 1, 1)),
          List.of(actor("get", 0), actor("get", 1), actor("get", WANDERER)));

  private static final ExecutionScenario RECORD_REPLACED_UNDER_A_MARK =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("getAndMark", 0)),
          List.of(actor("publish", 0, 2)),
          List.of(actor("evict", 0, 2)));

  private static final ExecutionScenario RECORD_MOVED_UNDER_A_LOOKUP =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("get", 0), actor("get", 0)),
          List.of(actor("relocate", 0, 1, 3), actor("publish", 0, 2)),
          List.of(actor("get", 0)));

  private static final ExecutionScenario RECORD_MARKED_UNDER_EVICTION =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("getAndMark", 0)),
          List.of(actor("evict", 0, 1)),
          List.of(actor("get", 0)));

  private static final ExecutionScenario RECORD_MOVED_UNDER_EVICTION =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("relocate", 0, 1, 3), actor("getAndMark", 0)),
          List.of(actor("evict", 0, 1), actor("evict", 0, 3)),
          List.of(actor("get", 0)));

  private static final ExecutionScenario SLOT_REUSED_AFTER_EVICTION =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("getAndMark", 0)),
          List.of(actor("evict", 0, 1), actor("publish", 1, 1)),
          List.of(actor("evict", 1, 1)));

  private static final ExecutionScenario RECORD_REPLACED_UNDER_EVICTION =
      scenario(
          List.of(actor("publish", 0, 1)),
          List.of(actor("publish", 0, 2), actor("removeIf", 0, 2)),
          List.of(actor("evict", 0, 1), actor("evict", 0, 2)),
          List.of(actor("get", 0)));

  private static final List<ExecutionScenario> RACES =
      List.of(
          SLOT_REUSED_UNDER_A_LOOKUP,
          KEY_MOVED_UNDER_A_LOOKUP,
          SLOT_REUSED_UNDER_A_MARK,
          KEY_MOVED_UNDER_A_MARK,
          MARKS_IN_ONE_BUCKET,
          TWO_WRITERS_IN_ONE_BUCKET,
          RECORD_REPLACED_UNDER_A_MARK,
          RECORD_MOVED_UNDER_A_LOOKUP,
          RECORD_MARKED_UNDER_EVICTION,
          RECORD_MOVED_UNDER_EVICTION,
          SLOT_REUSED_AFTER_EVICTION,
          RECORD_REPLACED_UNDER_EVICTION);

  private static ExecutionScenario scenario(
      List<Actor> before, List<Actor> one, List<Actor> other, List<Actor> after) {
    return new ExecutionScenario(before, List.of(one, other), after, null);
  }

  private static Actor actor(String name, Object... arguments) {
    return LincheckActors.actor(Store.class, name, arguments);
  }

  @Param(name = "key", gen = IntGen.class, conf = "0:2")
  @Param(name = "version", gen = IntGen.class, conf = "1:3")
  abstract static class Store {

    final Shard shard = CrowdedShard.create();

    @Operation
    public long get(@Param(name = "key") int key) {
      return shard.get(LOWS[key], CrowdedShard.TAG);
    }

    @Operation
    public long getAndMark(@Param(name = "key") int key) {
      return shard.getAndMark(LOWS[key], CrowdedShard.TAG);
    }

    @Operation
    public final long publish(@Param(name = "key") int key, @Param(name = "version") int version) {
      Replaced out = new Replaced();
      boolean published =
          shard.publish(
              LOWS[key],
              CrowdedShard.TAG,
              CrowdedShard.location(key, version),
              version,
              version,
              false,
              (existing, sequence) -> sequence > Location.segment(existing),
              out);
      return published ? out.location() : -1;
    }

    @Operation
    public boolean removeIf(@Param(name = "key") int key, @Param(name = "version") int version) {
      return shard.removeIf(
          LOWS[key], CrowdedShard.TAG, CrowdedShard.location(key, version), new Replaced());
    }

    @Operation
    public boolean relocate(
        @Param(name = "key") int key,
        @Param(name = "version") int from,
        @Param(name = "version") int to) {
      return shard.relocate(
          LOWS[key],
          CrowdedShard.TAG,
          CrowdedShard.location(key, from),
          CrowdedShard.location(key, to));
    }

    @Operation
    public Verdict evict(@Param(name = "key") int key, @Param(name = "version") int version) {
      return shard.evictUnlessVisited(
          LOWS[key], CrowdedShard.TAG, CrowdedShard.location(key, version), new Replaced());
    }
  }

  /** What the operations mean. */
  public static final class Model {

    private final Map<Integer, Integer> versions = new HashMap<>(Map.of(WANDERER, 1));
    private final Map<Integer, Boolean> visited = new HashMap<>(Map.of(WANDERER, false));

    public long get(int key) {
      return versions.containsKey(key)
          ? CrowdedShard.location(key, versions.get(key))
          : Location.NONE;
    }

    public long getAndMark(int key) {
      visited.replace(key, true);
      return get(key);
    }

    public long publish(int key, int version) {
      long existing = get(key);
      if (existing != Location.NONE && Location.segment(existing) >= version) {
        return -1;
      }
      versions.put(key, version);
      visited.put(key, false);
      return existing;
    }

    public boolean removeIf(int key, int version) {
      return versions.remove(key, version) && visited.remove(key) != null;
    }

    public boolean relocate(int key, int from, int to) {
      return versions.replace(key, from, to);
    }

    public Verdict evict(int key, int version) {
      if (get(key) != CrowdedShard.location(key, version)) {
        return Verdict.ABSENT;
      }
      if (visited.replace(key, false)) {
        return Verdict.SPARED;
      }
      removeIf(key, version);
      return Verdict.EVICTED;
    }
  }

  public static final class RealStore extends Store {}

  /** Trusts a hit without a second look at the version. */
  public static final class TrustsHits extends Store {
    @Operation
    @Override
    public long get(@Param(name = "key") int key) {
      return CarelessReader.TRUSTS_HITS.get(shard, LOWS[key], CrowdedShard.TAG);
    }
  }

  /** Trusts a miss without a second look at the versions. */
  public static final class TrustsMisses extends Store {
    @Operation
    @Override
    public long get(@Param(name = "key") int key) {
      return CarelessReader.TRUSTS_MISSES.get(shard, LOWS[key], CrowdedShard.TAG);
    }
  }

  /** Marks whatever is in the slot by now. */
  public static final class MarksBlindly extends Store {
    @Operation
    @Override
    public long getAndMark(@Param(name = "key") int key) {
      return CarelessReader.MARKS_BLINDLY.get(shard, LOWS[key], CrowdedShard.TAG);
    }
  }

  /** Looks at the visited bit first, and removes then. */
  public static final class EvictsInTwoSteps extends Store {
    @Operation
    @Override
    public Verdict evict(@Param(name = "key") int key, @Param(name = "version") int version) {
      if (CarelessReader.isVisited(shard, LOWS[key], CrowdedShard.TAG)) {
        return super.evict(key, version);
      }
      return removeIf(key, version) ? Verdict.EVICTED : Verdict.ABSENT;
    }
  }

  @Test
  void everyInterleavingIsLinearizable() {
    ModelCheckingOptions options =
        modelChecking(LincheckBudget.modelledInvocations())
            .iterations(LincheckBudget.modelledIterationsBeside(RACES.size()));
    RACES.forEach(options::addCustomScenario);
    LinChecker.check(RealStore.class, options);
  }

  @Test
  void theCheckerFindsALookupThatTrustsHits() {
    assertBugIsFound(TrustsHits.class, SLOT_REUSED_UNDER_A_LOOKUP);
  }

  @Test
  void theCheckerFindsALookupThatTrustsMisses() {
    assertBugIsFound(TrustsMisses.class, KEY_MOVED_UNDER_A_LOOKUP);
  }

  @Test
  void theCheckerFindsAMarkOnAnotherKey() {
    assertBugIsFound(MarksBlindly.class, SLOT_REUSED_UNDER_A_MARK);
  }

  @Test
  void theCheckerFindsAnEvictionInTwoSteps() {
    assertBugIsFound(EvictsInTwoSteps.class, RECORD_MARKED_UNDER_EVICTION);
  }

  @Test
  void stressIsLinearizable() {
    StressOptions options =
        new StressOptions()
            .sequentialSpecification(Model.class)
            .iterations(LincheckBudget.iterationsBeside(RACES.size()))
            .invocationsPerIteration(LincheckBudget.invocations())
            .threads(2)
            .actorsPerThread(3)
            .minimizeFailedScenario(false);
    RACES.forEach(options::addCustomScenario);
    LinChecker.check(RealStore.class, options);
  }

  private static void assertBugIsFound(Class<? extends Store> store, ExecutionScenario race) {
    ModelCheckingOptions options =
        modelChecking(LincheckBudget.ENOUGH_FOR_A_BUG).iterations(0).addCustomScenario(race);
    assertThrows(LincheckAssertionError.class, () -> LinChecker.check(store, options));
  }

  private static ModelCheckingOptions modelChecking(int invocations) {
    return new ModelCheckingOptions()
        .sequentialSpecification(Model.class)
        .invocationsPerIteration(invocations)
        .threads(2)
        .actorsBefore(2)
        .actorsAfter(2)
        .actorsPerThread(2)
        .minimizeFailedScenario(false)
        // Lincheck cannot follow the buffers' own code; a call is one access to memory.
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses(name -> name.startsWith("org.agrona."))
                .allMethods()
                .treatAsAtomic())
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses(CrowdedShard.class.getName())
                .allMethods()
                .ignore());
  }
}
