package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.LincheckActors;
import dev.quarry.segment.LincheckBudget;
import dev.quarry.segment.Slab;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.LincheckAssertionError;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.paramgen.ThreadIdGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.ManagedStrategyGuaranteeKt;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pool of slabs is linearizable: there is memory for another slab exactly as long as fewer than
 * the bound are in use, whatever readers hold on to. Memory comes zeroed, is nobody else's, and is
 * left alone while a reader looks at it.
 */
@Tag("lincheck")
class SlabPoolLincheckTest {

  private static final int MOST_THREADS = 8;
  static final int MOST_SLABS = 2;
  private static final int MARK = 1_000;

  /** What there is of {@link SlabPool} to race. */
  interface Pool {

    @Nullable DirectMemory tryTake();

    void retire(Slab slab, DirectMemory memory);

    void giveBack(DirectMemory memory);

    void clean();
  }

  private static final class RealPool implements Pool {

    private final SlabPool pool = new SlabPool(Disk.BLOCK, MOST_SLABS);

    @Override
    public @Nullable DirectMemory tryTake() {
      return pool.tryTake();
    }

    @Override
    public void retire(Slab slab, DirectMemory memory) {
      pool.retire(slab);
    }

    @Override
    public void giveBack(DirectMemory memory) {
      pool.giveBack(memory);
    }

    @Override
    public void clean() {
      pool.clean();
    }
  }

  /** A slab that a thread reads, and what it found there at first. */
  private record Read(Slab slab, int mark) {}

  private record Used(Slab slab, DirectMemory memory) {}

  /** Slabs in use, each with a mark of its own in it. */
  private static final class Slabs {

    private final Pool pool;
    private final AtomicInteger marks = new AtomicInteger();

    /** Of each thread the slab that it has in use. */
    private final AtomicReferenceArray<@Nullable Used> used =
        new AtomicReferenceArray<>(MOST_THREADS);

    /** Of each thread what it reads. */
    private final @Nullable Read[] read = new Read[MOST_THREADS];

    Slabs(Pool pool) {
      this.pool = pool;
    }

    boolean open(int thread) {
      DirectMemory memory = used.get(thread) == null ? pool.tryTake() : null;
      if (memory == null) {
        return false;
      }
      if (memory.buffer().getInt(MARK) != 0) {
        throw new IllegalStateException("the memory is not clean");
      }
      FileHeader header = FileHeader.segment(new UUID(1, 2), 1, 1);
      Slab slab = new Slab(memory.buffer(), header, released -> pool.giveBack(memory));
      slab.head().putInt(MARK, marks.incrementAndGet());
      used.set(thread, new Used(slab, memory));
      return true;
    }

    void retire(int thread) {
      Used retired = used.get(thread);
      if (retired != null) {
        pool.retire(retired.slab, retired.memory);
        used.set(thread, null);
      }
    }

    void pin(int thread, int of) {
      Used other = used.get(of);
      if (read[thread] == null && other != null && other.slab.tryPin()) {
        read[thread] = new Read(other.slab, other.slab.head().getInt(MARK));
      }
    }

    void unpin(int thread) {
      Read reads = read[thread];
      if (reads != null) {
        if (reads.mark == 0 || reads.slab.head().getInt(MARK) != reads.mark) {
          throw new IllegalStateException("the memory has changed");
        }
        read[thread] = null;
        reads.slab.unpin();
      }
    }
  }

  @Param(name = "thread", gen = ThreadIdGen.class)
  @Param(name = "of", gen = IntGen.class, conf = "0:4")
  public abstract static class Users {

    private final Slabs slabs;

    Users(Pool pool) {
      this.slabs = new Slabs(pool);
    }

    final Slabs slabs() {
      return slabs;
    }

    @Operation
    public void retire(@Param(name = "thread") int thread) {
      slabs().retire(thread);
    }

    @Operation
    public void pin(@Param(name = "thread") int thread, @Param(name = "of") int of) {
      slabs().pin(thread, of);
    }

    @Operation
    public void unpin(@Param(name = "thread") int thread) {
      slabs().unpin(thread);
    }
  }

  /** They see whether they get memory. */
  public abstract static class Openers extends Users {

    Openers(Pool pool) {
      super(pool);
    }

    @Operation
    public boolean open(@Param(name = "thread") int thread) {
      return slabs().open(thread);
    }
  }

  /** They may get none while some is being cleaned, so whether they do is not looked at. */
  public abstract static class Cleaners extends Users {

    Cleaners(Pool pool) {
      super(pool);
    }

    @Operation
    public void tryOpen(@Param(name = "thread") int thread) {
      slabs().open(thread);
    }

    @Operation
    public void clean() {
      slabs().pool.clean();
    }
  }

  /** What the operations mean. */
  public static final class Model {

    private final boolean[] used = new boolean[MOST_THREADS];
    private int slabs;

    public boolean open(int thread) {
      if (used[thread] || slabs == MOST_SLABS) {
        return false;
      }
      slabs++;
      used[thread] = true;
      return true;
    }

    public void retire(int thread) {
      slabs -= used[thread] ? 1 : 0;
      used[thread] = false;
    }

    public void pin(int thread, int of) {}

    public void unpin(int thread) {}
  }

  /** The same where nobody sees who has a slab: nothing is ever thrown. */
  public static final class BlindModel {

    public void retire(int thread) {}

    public void pin(int thread, int of) {}

    public void unpin(int thread) {}

    public void tryOpen(int thread) {}

    public void clean() {}
  }

  public static final class RealOpeners extends Openers {
    public RealOpeners() {
      super(new RealPool());
    }
  }

  public static final class RealCleaners extends Cleaners {
    public RealCleaners() {
      super(new RealPool());
    }
  }

  // Lincheck makes them by a constructor without arguments, hence a class for each bug.

  public static final class TakesInTwoSteps extends Openers {
    public TakesInTwoSteps() {
      super(new PlantedPool(PlantedPool.Bug.TAKES_IN_TWO_STEPS));
    }
  }

  public static final class ForgetsReaders extends Openers {
    public ForgetsReaders() {
      super(new PlantedPool(PlantedPool.Bug.FORGETS_READERS));
    }
  }

  public static final class CleansInPlace extends Cleaners {
    public CleansInPlace() {
      super(new PlantedPool(PlantedPool.Bug.CLEANS_IN_PLACE));
    }
  }

  private static final List<ExecutionScenario> OPENINGS =
      List.of(
          scenario(
              List.of(opener("open", 0)), List.of(opener("open", 1)), List.of(opener("open", 2))),
          scenario(
              List.of(opener("open", 2)),
              List.of(opener("pin", 1, 2), opener("unpin", 1)),
              List.of(opener("retire", 2), opener("open", 2))));

  private static final List<ExecutionScenario> CLEANINGS =
      List.of(
          scenario(
              List.of(cleaner("tryOpen", 2), cleaner("retire", 2)),
              List.of(cleaner("clean")),
              List.of(cleaner("tryOpen", 2), cleaner("pin", 2, 2), cleaner("unpin", 2))));

  private static ExecutionScenario scenario(
      List<Actor> before, List<Actor> one, List<Actor> other) {
    return new ExecutionScenario(before, List.of(one, other), List.of(), null);
  }

  private static Actor opener(String name, Object... arguments) {
    return LincheckActors.actor(Openers.class, name, arguments);
  }

  private static Actor cleaner(String name, Object... arguments) {
    return LincheckActors.actor(Cleaners.class, name, arguments);
  }

  private static ModelCheckingOptions modelChecking(
      Class<? extends Users> users, int invocations, int iterations) {
    List<ExecutionScenario> races = races(users);
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .sequentialSpecification(model(users))
            .invocationsPerIteration(invocations)
            .iterations(iterations)
            .threads(2)
            .actorsPerThread(3)
            .minimizeFailedScenario(false)
            // Slabs have tests of their own; Lincheck cannot follow the buffers' code.
            .addGuarantee(
                ManagedStrategyGuaranteeKt.forClasses(
                        name ->
                            name.startsWith("dev.quarry.segment.")
                                || name.startsWith("org.agrona."))
                    .allMethods()
                    .treatAsAtomic());
    races.forEach(options::addCustomScenario);
    return options;
  }

  private static List<ExecutionScenario> races(Class<? extends Users> users) {
    return Openers.class.isAssignableFrom(users) ? OPENINGS : CLEANINGS;
  }

  private static Class<?> model(Class<? extends Users> users) {
    return Openers.class.isAssignableFrom(users) ? Model.class : BlindModel.class;
  }

  @ParameterizedTest
  @ValueSource(classes = {RealOpeners.class, RealCleaners.class})
  void noInterleavingGivesMemoryToTwo(Class<? extends Users> users) {
    int random = LincheckBudget.modelledIterationsBeside(races(users).size());
    LinChecker.check(users, modelChecking(users, LincheckBudget.modelledInvocations(), random));
  }

  @ParameterizedTest
  @ValueSource(classes = {RealOpeners.class, RealCleaners.class})
  void stressGivesMemoryToNoTwo(Class<? extends Users> users) {
    LinChecker.check(
        users,
        new StressOptions()
            .sequentialSpecification(model(users))
            .iterations(LincheckBudget.iterationsBeside(0))
            .invocationsPerIteration(LincheckBudget.invocations())
            .threads(3)
            .actorsPerThread(3)
            .minimizeFailedScenario(false));
  }

  @ParameterizedTest
  @ValueSource(classes = {TakesInTwoSteps.class, ForgetsReaders.class, CleansInPlace.class})
  void theCheckerFindsEachPlantedBug(Class<? extends Users> users) {
    ModelCheckingOptions options = modelChecking(users, LincheckBudget.ENOUGH_FOR_A_BUG, 0);
    Throwable e =
        assertThrows(LincheckAssertionError.class, () -> LinChecker.check(users, options));
    assertTrue(e.getMessage().contains("Invalid execution results"), e.getMessage());
  }
}
