package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.LAYOUT;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.LincheckActors;
import dev.quarry.segment.LincheckBudget;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import dev.quarry.wal.GroupCommit.Ticket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.LincheckAssertionError;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A log behind group commit is linearizable as a list that survives a crash: who was acknowledged
 * is in it, in the order of the log; who was refused never is, though the disk may have room again.
 */
@Tag("lincheck")
class CommitLincheckTest {

  /** Longer than a block, so that a full disk has no room for any record. */
  private static final String VALUE = TestLogs.value(Disk.BLOCK, 1);

  private static final int SLAB_BYTES = 16 * Disk.BLOCK;

  /** What writers need of {@link GroupCommit}. */
  interface Commits {

    @Nullable Ticket add(Slab slab);

    void await(@Nullable Ticket ticket, int end) throws IOException;
  }

  private record RealCommits(GroupCommit commit) implements Commits {

    @Override
    public Ticket add(Slab slab) {
      return commit.add(slab);
    }

    @Override
    public void await(@Nullable Ticket ticket, int end) throws IOException {
      commit.await(Objects.requireNonNull(ticket), end);
    }
  }

  /** How a put ended. */
  public enum Outcome {
    ACKNOWLEDGED,
    REFUSED,
    FAILED
  }

  private record Active(Slab slab, @Nullable Ticket ticket) {}

  @Param(name = "key", gen = IntGen.class, conf = "1:9")
  public abstract static class Writers {

    private final SimulatedDisk disk;
    private final Commits commits;
    private volatile Active active;

    Writers(Function<Disk, Commits> commits) {
      try {
        this.disk = TestLogs.disk(0);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      this.commits = commits.apply(new FaultyDisk(disk, this::meet));
      this.active = open(TestLogs.slab(SLAB_BYTES));
    }

    /** A sync takes long enough for others to come. */
    @SuppressWarnings("ThreadPriorityCheck")
    private @Nullable IOException meet(FaultyDisk.Operation operation, Path path) {
      if (operation == FaultyDisk.Operation.FORCE) {
        Thread.yield();
      }
      return null;
    }

    private Active open(Slab slab) {
      return new Active(slab, commits.add(slab));
    }

    @Operation
    @SuppressWarnings("ReferenceEquality") // every rotation makes another
    public Outcome put(@Param(name = "key") int number) {
      String key = "" + number;
      for (; ; ) {
        Active seen = active;
        long ticket = TestLogs.reserve(seen.slab, key, VALUE);
        if (ticket != Slab.FULL) {
          TestLogs.write(seen.slab, ticket, RecordFormat.PUT, key, VALUE);
          return await(seen, TestLogs.end(ticket, key, VALUE));
        }
        while (active == seen) {
          Thread.onSpinWait(); // it is being replaced
        }
      }
    }

    private Outcome await(Active written, int end) {
      try {
        commits.await(written.ticket, end);
        return Outcome.ACKNOWLEDGED;
      } catch (DiskFullException e) {
        return Outcome.REFUSED;
      } catch (IOException e) {
        return Outcome.FAILED;
      }
    }

    @Operation(nonParallelGroup = "rotation")
    public void rotate() {
      Slab full = active.slab;
      full.seal();
      active = open(TestLogs.slab(SLAB_BYTES, full));
    }

    /** The keys that a crash leaves. */
    @Operation
    public String survivors() throws IOException {
      SimulatedDisk after = disk.afterCrash(Survival.NONE, 0);
      List<String> keys = new ArrayList<>();
      for (long id : LAYOUT.logIds(after)) {
        keys.addAll(TestLogs.keys(after, id));
      }
      return String.join(" ", keys);
    }

    // Not among random operations: a record meets these when it is written, and is seen by others
    // only when it is synced.

    public void fill() {
      disk.capacity(0);
    }

    public void makeRoom() {
      disk.capacity(1L << 40);
    }

    public void breakDisk() {
      synchronized (disk) { // the very next call fails, and none that has begun
        disk.failFrom(disk.ioCalls() + 1, () -> new IOException("broken"));
      }
    }
  }

  /** What the operations mean. */
  public static final class Model {

    private final List<String> keys = new ArrayList<>();
    private boolean full;
    private boolean broken;

    public Outcome put(int key) {
      if (broken || full) {
        return broken ? Outcome.FAILED : Outcome.REFUSED;
      }
      keys.add("" + key);
      return Outcome.ACKNOWLEDGED;
    }

    public String survivors() {
      return String.join(" ", keys);
    }

    public void rotate() {}

    public void fill() {
      full = true;
    }

    public void makeRoom() {
      full = false;
    }

    public void breakDisk() {
      broken = true;
    }
  }

  public static final class RealWriters extends Writers {
    public RealWriters() {
      super(disk -> new RealCommits(new GroupCommit(disk, LAYOUT)));
    }
  }

  // Lincheck makes them by a constructor without arguments, hence a class for each bug.

  public static final class SettlesBeforeTheSync extends Writers {
    public SettlesBeforeTheSync() {
      super(disk -> new PlantedCommits(PlantedCommits.Bug.SETTLES_BEFORE_THE_SYNC, disk));
    }
  }

  public static final class SettlesWhatCameMeanwhile extends Writers {
    public SettlesWhatCameMeanwhile() {
      super(disk -> new PlantedCommits(PlantedCommits.Bug.SETTLES_WHAT_CAME_MEANWHILE, disk));
    }
  }

  public static final class KeepsWhatWasRefused extends Writers {
    public KeepsWhatWasRefused() {
      super(disk -> new PlantedCommits(PlantedCommits.Bug.KEEPS_WHAT_WAS_REFUSED, disk));
    }
  }

  private static final ExecutionScenario LOOKED_AT_BETWEEN_TWO =
      scenario(List.of(actor("put", 1), actor("survivors")), List.of(actor("put", 2)));

  private static final ExecutionScenario ROOM_AGAIN_AFTER_A_REFUSAL =
      scenario(
          List.of(actor("fill"), actor("put", 1), actor("makeRoom")), List.of(actor("put", 2)));

  private static final ExecutionScenario ROTATED_UNDER_A_WRITER =
      scenario(
          List.of(actor("put", 1), actor("put", 2)), List.of(actor("rotate"), actor("put", 3)));

  private static final ExecutionScenario BROKEN_UNDER_TWO =
      scenario(
          List.of(actor("put", 1), actor("put", 2)), List.of(actor("put", 3), actor("breakDisk")));

  private static final List<ExecutionScenario> RACES =
      List.of(
          LOOKED_AT_BETWEEN_TWO,
          ROOM_AGAIN_AFTER_A_REFUSAL,
          ROTATED_UNDER_A_WRITER,
          BROKEN_UNDER_TWO);

  private static ExecutionScenario scenario(List<Actor> one, List<Actor> other) {
    return new ExecutionScenario(List.of(), List.of(one, other), List.of(actor("survivors")), null);
  }

  private static Actor actor(String name, Object... arguments) {
    return LincheckActors.actor(Writers.class, name, arguments);
  }

  /** The model checker cannot follow the condition that writers wait for. */
  private static StressOptions stress(int invocations) {
    StressOptions options =
        new StressOptions()
            .sequentialSpecification(Model.class)
            .invocationsPerIteration(invocations)
            .threads(3)
            .actorsBefore(1)
            .actorsPerThread(3)
            .actorsAfter(1)
            .minimizeFailedScenario(false);
    RACES.forEach(options::addCustomScenario);
    return options;
  }

  @Test
  void stressLosesNothingThatWasAcknowledged() {
    int random = LincheckBudget.iterationsBeside(RACES.size());
    LinChecker.check(RealWriters.class, stress(LincheckBudget.invocations()).iterations(random));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        SettlesBeforeTheSync.class,
        SettlesWhatCameMeanwhile.class,
        KeepsWhatWasRefused.class
      })
  void theCheckerFindsEachPlantedBug(Class<? extends Writers> writers) {
    StressOptions options = stress(LincheckBudget.ENOUGH_FOR_A_BUG).iterations(0);
    Throwable e =
        assertThrows(LincheckAssertionError.class, () -> LinChecker.check(writers, options));
    assertTrue(e.getMessage().contains("Invalid execution results"), e.getMessage());
  }
}
