package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.LincheckAssertionError;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.annotations.Validate;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.ThreadIdGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pins are linearizable, and who holds one never looks at memory that was let go: it goes once, as
 * soon as the bytes are retired and nobody holds a pin.
 */
@Tag("lincheck")
class PinsLincheckTest {

  private static final int MOST_THREADS = 8;

  /** What readers need of {@link SegmentBytes}. */
  interface Pins {

    boolean tryPin();

    boolean tryPinBeside();

    void unpin();

    void retire();

    boolean isPinned();
  }

  private static final class RealPins extends SegmentBytes implements Pins {

    private final Runnable release;

    RealPins(Runnable release) {
      super(ByteBuffer.allocate(0));
      this.release = release;
    }

    @Override
    public long size() {
      return 0;
    }

    @Override
    protected void release() {
      release.run();
    }
  }

  @Param(name = "thread", gen = ThreadIdGen.class)
  public abstract static class Readers {

    private final AtomicInteger releases = new AtomicInteger();
    private final Pins pins;
    private final int[] held = new int[MOST_THREADS];
    private boolean retired;

    Readers(Function<Runnable, Pins> pins) {
      this.pins = pins.apply(releases::incrementAndGet);
    }

    @Operation
    public boolean pin(@Param(name = "thread") int thread) {
      return note(thread, pins.tryPin());
    }

    @Operation
    public boolean pinBeside(@Param(name = "thread") int thread) {
      return note(thread, pins.tryPinBeside());
    }

    private boolean note(int thread, boolean pinned) {
      held[thread] += pinned ? 1 : 0;
      return pinned;
    }

    @Operation
    public boolean look(@Param(name = "thread") int thread) {
      if (held[thread] > 0 && releases.get() > 0) {
        throw new IllegalStateException("the memory is gone");
      }
      return held[thread] > 0;
    }

    @Operation
    public boolean unpin(@Param(name = "thread") int thread) {
      if (held[thread] == 0) {
        return false;
      }
      held[thread]--;
      pins.unpin();
      return true;
    }

    @Operation
    public void retire() {
      retired = true;
      pins.retire();
    }

    @Operation
    public boolean isPinned() {
      return pins.isPinned();
    }

    /** Called when all threads are done. */
    @Validate
    public void memoryIsLetGoOnce() {
      int due = retired && Arrays.stream(held).sum() == 0 ? 1 : 0;
      if (releases.get() != due) {
        throw new IllegalStateException("let go " + releases.get() + " times, not " + due);
      }
    }
  }

  /** What the operations mean. */
  public static final class Model {

    private final int[] held = new int[MOST_THREADS];
    private boolean retired;

    public boolean pin(int thread) {
      held[thread] += retired ? 0 : 1;
      return !retired;
    }

    public boolean pinBeside(int thread) {
      boolean pinned = isPinned();
      held[thread] += pinned ? 1 : 0;
      return pinned;
    }

    public boolean look(int thread) {
      return held[thread] > 0;
    }

    public boolean unpin(int thread) {
      return held[thread] > 0 && held[thread]-- > 0;
    }

    public void retire() {
      retired = true;
    }

    public boolean isPinned() {
      return Arrays.stream(held).sum() > 0;
    }
  }

  public static final class RealReaders extends Readers {
    public RealReaders() {
      super(RealPins::new);
    }
  }

  // Lincheck makes them by a constructor without arguments, hence a class for each bug.

  public static final class PinInTwoSteps extends Readers {
    public PinInTwoSteps() {
      super(release -> new PlantedPins(PlantedPins.Bug.PIN_IN_TWO_STEPS, release));
    }
  }

  public static final class PinBesideInTwoSteps extends Readers {
    public PinBesideInTwoSteps() {
      super(release -> new PlantedPins(PlantedPins.Bug.PIN_BESIDE_IN_TWO_STEPS, release));
    }
  }

  public static final class RetireInTwoSteps extends Readers {
    public RetireInTwoSteps() {
      super(release -> new PlantedPins(PlantedPins.Bug.RETIRE_IN_TWO_STEPS, release));
    }
  }

  public static final class UnpinInTwoSteps extends Readers {
    public UnpinInTwoSteps() {
      super(release -> new PlantedPins(PlantedPins.Bug.UNPIN_IN_TWO_STEPS, release));
    }
  }

  private static final List<ExecutionScenario> RACES =
      List.of(
          scenario(List.of(), List.of(actor("pin", 1), actor("look", 1)), List.of(actor("retire"))),
          scenario(
              List.of(actor("pin", 0)),
              List.of(actor("pinBeside", 1), actor("look", 1)),
              List.of(actor("unpin", 0), actor("retire"))),
          scenario(
              List.of(actor("pin", 0), actor("pin", 1)),
              List.of(actor("unpin", 0)),
              List.of(actor("retire"), actor("unpin", 1))));

  private static ExecutionScenario scenario(
      List<Actor> before, List<Actor> one, List<Actor> other) {
    return new ExecutionScenario(before, List.of(one, other), List.of(actor("isPinned")), null);
  }

  private static Actor actor(String name, Object... arguments) {
    return LincheckActors.actor(Readers.class, name, arguments);
  }

  private static ModelCheckingOptions modelChecking(int invocations) {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .sequentialSpecification(Model.class)
            .invocationsPerIteration(invocations)
            .threads(2)
            .actorsPerThread(3)
            .minimizeFailedScenario(false);
    RACES.forEach(options::addCustomScenario);
    return options;
  }

  @Test
  void noInterleavingShowsAReaderMemoryThatIsGone() {
    int random = LincheckBudget.modelledIterationsBeside(RACES.size());
    LinChecker.check(
        RealReaders.class, modelChecking(LincheckBudget.modelledInvocations()).iterations(random));
  }

  @Test
  void stressShowsNoReaderMemoryThatIsGone() {
    LinChecker.check(
        RealReaders.class,
        new StressOptions()
            .sequentialSpecification(Model.class)
            .iterations(LincheckBudget.iterationsBeside(0))
            .invocationsPerIteration(LincheckBudget.invocations())
            .threads(3)
            .actorsPerThread(3)
            .minimizeFailedScenario(false));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        PinInTwoSteps.class,
        PinBesideInTwoSteps.class,
        RetireInTwoSteps.class,
        UnpinInTwoSteps.class
      })
  void theCheckerFindsEachPlantedBug(Class<? extends Readers> readers) {
    ModelCheckingOptions options = modelChecking(LincheckBudget.ENOUGH_FOR_A_BUG).iterations(0);
    assertThrows(LincheckAssertionError.class, () -> LinChecker.check(readers, options));
  }
}
