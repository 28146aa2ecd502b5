package dev.quarry.segment;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.paramgen.ThreadIdGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.ManagedStrategyGuaranteeKt;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Taking places, completing them, sealing and settling are linearizable: every interleaving looks
 * like one step after the other. Each thread has at most one place that is not complete.
 *
 * <p>The end of the completed prefix itself is not: it may be found where it never was, between two
 * places that it reached in one jump, but never beyond what is complete. Whether it covers the
 * first n records is.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "records", gen = IntGen.class, conf = "1:4")
@Tag("lincheck")
public class SlabLincheckTest {

  private static final int MOST_THREADS = 8;
  private static final int ROOM = 5;
  private static final byte[] KEY = {'k'};
  private static final byte[] VALUE = new byte[7];
  private static final int RECORD = 32;
  private static final long FIRST = Slab.largestRecord(Disk.BLOCK) - ROOM * 64L;
  private static final long NONE = -2;

  /** Out of sight of Lincheck, which cannot look into the record that a slab holds. */
  private final SoftReference<Slab> hidden;

  private final long[] open = new long[MOST_THREADS];
  private final int[] unsettled = new int[MOST_THREADS];

  /** There is room for a few more records. */
  public SlabLincheckTest() {
    Slab slab = TestSegments.slab(Disk.BLOCK);
    hidden = new SoftReference<>(slab);
    slab.abandon(slab.reserve(FIRST), FIRST);
    slab.settle();
    Arrays.fill(open, NONE);
  }

  private Slab slab() {
    return Objects.requireNonNull(hidden.get());
  }

  @Operation
  public long reserve(@Param(name = "thread") int thread) {
    if (open[thread] != NONE) {
      return NONE;
    }
    long ticket = slab().reserve(RECORD);
    if (ticket == Slab.FULL) {
      return Slab.FULL;
    }
    open[thread] = ticket;
    return (slab().sequence(ticket) << 32) | Slab.position(ticket);
  }

  @Operation
  public boolean write(@Param(name = "thread") int thread) {
    if (open[thread] == NONE) {
      return false;
    }
    TestSegments.write(slab(), open[thread], RecordFormat.PUT, KEY, VALUE);
    open[thread] = NONE;
    unsettled[thread]++;
    return true;
  }

  @Operation
  public boolean abandon(@Param(name = "thread") int thread) {
    if (open[thread] == NONE) {
      return false;
    }
    slab().abandon(open[thread], RECORD);
    open[thread] = NONE;
    unsettled[thread]++;
    return true;
  }

  @Operation
  public long takeSequence(@Param(name = "thread") int thread) {
    long ticket = slab().takeSequence();
    if (ticket == Slab.FULL) {
      return Slab.FULL;
    }
    unsettled[thread]++;
    return slab().sequence(ticket);
  }

  @Operation
  public boolean settle(@Param(name = "thread") int thread) {
    if (unsettled[thread] == 0) {
      return false;
    }
    slab().settle();
    unsettled[thread]--;
    return true;
  }

  @Operation
  public boolean covers(@Param(name = "records") int records) {
    return slab().completedPrefix(FileHeader.LENGTH) >= first() + records * (long) RECORD;
  }

  private static long first() {
    return FileHeader.LENGTH + RecordFormat.align(FIRST);
  }

  @Operation
  public int end() {
    return slab().end();
  }

  @Operation
  public void seal() {
    slab().seal();
  }

  @Operation
  public boolean isSettled() {
    return slab().isSettled();
  }

  @Operation
  public long nextSequence() {
    return slab().nextSequence();
  }

  /** The same without bytes. */
  public static final class Model {

    private final List<Boolean> complete = new ArrayList<>();
    private final int[] open = new int[MOST_THREADS];
    private final int[] unsettled = new int[MOST_THREADS];
    private int numbers = 1;
    private int settled = 1;
    private boolean sealed;

    public Model() {
      Arrays.fill(open, -1);
    }

    private boolean hasRoom(int entriesAndRecords) {
      int used = numbers - 1 + complete.size();
      return !sealed && used + entriesAndRecords <= 2 * ROOM;
    }

    public long reserve(int thread) {
      if (open[thread] >= 0) {
        return NONE;
      }
      if (!hasRoom(2)) {
        return Slab.FULL;
      }
      open[thread] = complete.size();
      complete.add(false);
      return (TestSegments.FIRST_SEQUENCE + numbers++) << 32
          | (first() + open[thread] * (long) RECORD);
    }

    public boolean write(int thread) {
      return finish(thread);
    }

    public boolean abandon(int thread) {
      return finish(thread);
    }

    private boolean finish(int thread) {
      if (open[thread] < 0) {
        return false;
      }
      complete.set(open[thread], true);
      open[thread] = -1;
      unsettled[thread]++;
      return true;
    }

    public long takeSequence(int thread) {
      if (!hasRoom(1)) {
        return Slab.FULL;
      }
      unsettled[thread]++;
      return TestSegments.FIRST_SEQUENCE + numbers++;
    }

    public boolean settle(int thread) {
      if (unsettled[thread] == 0) {
        return false;
      }
      unsettled[thread]--;
      settled++;
      return true;
    }

    public boolean covers(int records) {
      return complete.size() >= records && !complete.subList(0, records).contains(false);
    }

    public int end() {
      return (int) first() + complete.size() * RECORD;
    }

    public void seal() {
      sealed = true;
    }

    public boolean isSettled() {
      return sealed && settled == numbers;
    }

    public long nextSequence() {
      return TestSegments.FIRST_SEQUENCE + numbers;
    }
  }

  private static Actor actor(String name, Object... arguments) {
    return LincheckActors.actor(SlabLincheckTest.class, name, arguments);
  }

  /** Two writers from beginning to end, and a look at what is left of them. */
  private static ExecutionScenario twoWriters() {
    List<List<Actor>> writers = new ArrayList<>();
    for (int thread = 1; thread <= 2; thread++) {
      writers.add(
          List.of(actor("reserve", thread), actor("write", thread), actor("settle", thread)));
    }
    List<Actor> after = List.of(actor("covers", 2), actor("seal"), actor("isSettled"));
    return new ExecutionScenario(List.of(), writers, after, null);
  }

  @Test
  void noInterleavingTakesAPlaceTwiceOrCoversAGap() {
    LinChecker.check(
        getClass(),
        new ModelCheckingOptions()
            .addCustomScenario(twoWriters())
            .iterations(LincheckBudget.modelledIterationsBeside(1))
            .threads(2)
            .actorsPerThread(3)
            .invocationsPerIteration(LincheckBudget.modelledInvocations())
            .minimizeFailedScenario(false)
            .sequentialSpecification(Model.class)
            .addGuarantee(
                ManagedStrategyGuaranteeKt.forClasses(
                        RecordFormat.class.getName(),
                        Checksum.class.getName(),
                        FileHeader.class.getName(),
                        TestSegments.class.getName())
                    .allMethods()
                    .treatAsAtomic()));
  }

  @Test
  void stressTakesNoPlaceTwiceAndCoversNoGap() {
    LinChecker.check(
        getClass(),
        new StressOptions()
            .iterations(LincheckBudget.iterationsBeside(0))
            .threads(3)
            .actorsPerThread(4)
            .invocationsPerIteration(LincheckBudget.invocations())
            .minimizeFailedScenario(false)
            .sequentialSpecification(Model.class));
  }
}
