package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.LincheckActors;
import dev.quarry.segment.LincheckBudget;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Trailer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.LincheckAssertionError;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.ThreadIdGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A segment whose readers go from its slab to its file, and which is then retired, is linearizable:
 * it has its bytes until it is retired, and what a reader pinned stays until it is unpinned.
 */
@Tag("lincheck")
class SegmentPinLincheckTest {

  private static final int MOST_THREADS = 8;
  private static final Trailer TRAILER = new Trailer(1, 64, 1, 0, 1, 1, 4096, 0);
  private static final Path PATH = Path.of("segment");

  /** Memory that says whether it was let go. */
  private static final class Memory extends SegmentBytes {

    private volatile boolean released;

    Memory() {
      super(ByteBuffer.allocate(0));
    }

    @Override
    public long size() {
      return 0;
    }

    @Override
    protected void release() {
      released = true;
    }
  }

  /** What there is of {@link Segment} to race. */
  interface Place {

    @Nullable SegmentBytes pin();

    void moveTo(SegmentBytes other);

    void retire();
  }

  private static final class RealPlace implements Place {

    private final Segment segment;

    RealPlace(SegmentBytes bytes) {
      segment = new Segment(TRAILER, new UUID(1, 2), PATH, bytes);
    }

    @Override
    public @Nullable SegmentBytes pin() {
      return segment.pin();
    }

    @Override
    public void moveTo(SegmentBytes other) {
      segment.moveTo(other);
    }

    @Override
    public void retire() {
      segment.retire();
    }
  }

  private static final class PlantedPlace implements Place {

    private final boolean looksOnce;
    private volatile SegmentBytes bytes;

    PlantedPlace(boolean looksOnce, SegmentBytes bytes) {
      this.looksOnce = looksOnce;
      this.bytes = bytes;
    }

    @Override
    public @Nullable SegmentBytes pin() {
      SegmentBytes seen = bytes;
      if (seen.tryPin()) {
        return looksOnce ? seen : bytes; // which may be others than those that were pinned
      }
      return looksOnce || seen == bytes ? null : pin(); // null also if readers were sent elsewhere
    }

    @Override
    public void moveTo(SegmentBytes other) {
      bytes = other;
    }

    @Override
    public void retire() {
      bytes.retire();
    }
  }

  @Param(name = "thread", gen = ThreadIdGen.class)
  public abstract static class Readers {

    /** Made by the first operation, as Lincheck would look into it before, and cannot. */
    private volatile @Nullable Place place;

    private final Memory slab = new Memory();
    private final Memory file = new Memory();
    private final @Nullable Memory[] held = new Memory[MOST_THREADS];
    private boolean moved;

    abstract Place create(SegmentBytes bytes);

    private Place place() {
      Place seen = place;
      return seen == null ? make() : seen;
    }

    private synchronized Place make() {
      Place made = place;
      if (made == null) {
        made = create(slab);
        place = made;
      }
      return made;
    }

    @Operation
    public boolean pin(@Param(name = "thread") int thread) {
      if (held[thread] == null) {
        held[thread] = (Memory) place().pin();
      }
      return look(thread);
    }

    @Operation
    public boolean look(@Param(name = "thread") int thread) {
      Memory memory = held[thread];
      if (memory != null && memory.released) {
        throw new IllegalStateException("the memory is gone");
      }
      return memory != null;
    }

    @Operation
    public boolean unpin(@Param(name = "thread") int thread) {
      Memory memory = held[thread];
      if (memory != null) {
        held[thread] = null;
        memory.unpin();
      }
      return memory != null;
    }

    @Operation(nonParallelGroup = "owner")
    public void moveToFile() {
      if (!moved) {
        moved = true;
        place().moveTo(file);
        slab.retire();
      }
    }

    @Operation(nonParallelGroup = "owner")
    public void retire() {
      moveToFile();
      place().retire();
    }
  }

  /** What the operations mean. */
  public static final class Model {

    private final boolean[] held = new boolean[MOST_THREADS];
    private boolean retired;

    public boolean pin(int thread) {
      held[thread] |= !retired;
      return held[thread];
    }

    public boolean look(int thread) {
      return held[thread];
    }

    public boolean unpin(int thread) {
      boolean unpinned = held[thread];
      held[thread] = false;
      return unpinned;
    }

    public void moveToFile() {}

    public void retire() {
      retired = true;
    }
  }

  public static final class RealReaders extends Readers {
    @Override
    Place create(SegmentBytes bytes) {
      return new RealPlace(bytes);
    }
  }

  public static final class LooksOnce extends Readers {
    @Override
    Place create(SegmentBytes bytes) {
      return new PlantedPlace(true, bytes);
    }
  }

  public static final class GivesWhatItDidNotPin extends Readers {
    @Override
    Place create(SegmentBytes bytes) {
      return new PlantedPlace(false, bytes);
    }
  }

  private static final List<ExecutionScenario> RACES =
      List.of(
          scenario(List.of(actor("pin", 1), actor("unpin", 1)), List.of(actor("moveToFile"))),
          scenario(List.of(actor("pin", 1), actor("look", 1)), List.of(actor("retire"))));

  private static ExecutionScenario scenario(List<Actor> reader, List<Actor> owner) {
    return new ExecutionScenario(
        List.of(),
        List.of(reader, owner),
        List.of(actor("pin", 0), actor("look", 1), actor("retire"), actor("look", 0)),
        null);
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
  void noInterleavingTakesTheBytesFromAReader() {
    int random = LincheckBudget.modelledIterationsBeside(RACES.size());
    LinChecker.check(
        RealReaders.class, modelChecking(LincheckBudget.modelledInvocations()).iterations(random));
  }

  @Test
  void stressTakesTheBytesFromNoReader() {
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
  @ValueSource(classes = {LooksOnce.class, GivesWhatItDidNotPin.class})
  void theCheckerFindsEachPlantedBug(Class<? extends Readers> readers) {
    ModelCheckingOptions options = modelChecking(LincheckBudget.ENOUGH_FOR_A_BUG).iterations(0);
    Throwable e =
        assertThrows(LincheckAssertionError.class, () -> LinChecker.check(readers, options));
    assertTrue(e.getMessage().contains("Invalid execution results"), e.getMessage());
  }
}
