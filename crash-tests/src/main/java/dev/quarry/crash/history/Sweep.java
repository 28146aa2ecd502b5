package dev.quarry.crash.history;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Goes through a scenario call by call: the power fails at each of them, or each of them fails. */
public final class Sweep {

  private static final List<Survival> SURVIVALS =
      List.of(Survival.ALL, Survival.NONE, Survival.PREFIX, Survival.SUBSET, Survival.TORN);

  private static final Set<Operation> THAT_AN_INTERRUPT_STOPS =
      EnumSet.of(Operation.WRITE, Operation.TRUNCATE, Operation.FORCE);

  /** How a call fails. */
  public enum Failure {
    /** An I/O error; of a write, a part is done. */
    EIO,
    /** No space left; of a write, a part is done. */
    ENOSPC,
    /** {@link Thread#interrupt} cut it short. */
    INTERRUPT
  }

  private Sweep() {}

  /**
   * Has the power fail at every call, with every policy of what survives.
   *
   * @return how many crashes were looked at
   */
  public static long crashAtEveryCall(Scenario scenario, UnaryOperator<Disk> decorator) {
    return crash(
        scenario,
        decorator,
        (check, disk, oracle) ->
            SURVIVALS.forEach(survival -> check.check(disk, oracle, survival, disk.ioCalls(), 0)));
  }

  /**
   * Has the power fail at every call of the recovery from a crash at every call.
   *
   * @return how many crashes were looked at
   */
  public static long crashAtEveryCallOfRecovery(Scenario scenario) {
    return crash(
        scenario,
        UnaryOperator.identity(),
        (check, disk, oracle) ->
            check.checkEveryCallOfRecovery(disk, oracle, Survival.RANDOM, disk.ioCalls()));
  }

  private interface Crash {
    void at(ImageCheck check, SimulatedDisk disk, Oracle oracle);
  }

  private static long crash(Scenario scenario, UnaryOperator<Disk> decorator, Crash crash) {
    History history = scenario.history();
    try (ImageCheck check = new ImageCheck(history.shape())) {
      new HistoryRun(history, decorator, (disk, oracle) -> crash.at(check, disk, oracle)).run();
      return check.images();
    }
  }

  /**
   * Has every call fail in turn.
   *
   * @param forEver whether those after it fail, too, but for interrupts
   * @return how many calls were made to fail
   */
  public static int failAtEveryCall(Scenario scenario, Failure failure, boolean forEver) {
    return switch (failure) {
      case EIO -> failNumbered(scenario, forEver, () -> new IOException("injected"));
      case ENOSPC -> failNumbered(scenario, forEver, () -> new DiskFullException("injected"));
      case INTERRUPT -> interruptEveryCall(scenario);
    };
  }

  /**
   * Has something lack from one call on after the other, of those that the system can refuse.
   *
   * @param length how many calls lack it
   * @param stride how many calls there are from one of the first calls to the next
   * @param ofMemory whether it is memory, and each of the calls throws an {@link OutOfMemoryError}
   * @return how many calls there are
   */
  public static int lackFromCalls(Scenario scenario, int length, int stride, boolean ofMemory) {
    for (int after = 0; ; after += stride) {
      HistoryRun run =
          new HistoryRun(scenario.history(), UnaryOperator.identity(), CrashProbe.NONE);
      Shortage shortage = run.planShortage(after, length, ofMemory);
      run(scenario, run, length + " calls from " + after);
      if (!shortage.hasBegun()) {
        return after;
      }
    }
  }

  private static IOException interrupted() {
    return new DiskInterruptedException("injected", new InterruptedException());
  }

  private static int failNumbered(
      Scenario scenario, boolean forEver, Supplier<IOException> failure) {
    long calls = callsOf(scenario);
    for (long call = 1; call <= calls; call++) {
      long at = call;
      HistoryRun run =
          new HistoryRun(scenario.history(), UnaryOperator.identity(), CrashProbe.NONE);
      run.plan(
          disk -> {
            if (forEver) {
              disk.failFrom(at, failure);
            } else {
              disk.failAt(at, failure);
            }
          });
      run(scenario, run, "call " + call);
    }
    return (int) calls;
  }

  /** The calls up to the crash that every history ends with. */
  private static long callsOf(Scenario scenario) {
    HistoryRun run = new HistoryRun(scenario.history(), UnaryOperator.identity(), CrashProbe.NONE);
    SimulatedDisk first = run.disk();
    run.run();
    return first.ioCalls();
  }

  private static int interruptEveryCall(Scenario scenario) {
    for (int nth = 1; ; nth++) {
      int first = nth;
      AtomicInteger calls = new AtomicInteger();
      AtomicInteger disks = new AtomicInteger();
      UnaryOperator<Disk> faulty =
          disk ->
              disks.incrementAndGet() > 1
                  ? disk
                  : new FaultyDisk(
                      disk,
                      (operation, path) -> {
                        boolean stops = THAT_AN_INTERRUPT_STOPS.contains(operation);
                        return stops && calls.incrementAndGet() == first ? interrupted() : null;
                      });
      HistoryRun run = new HistoryRun(scenario.history(), faulty, CrashProbe.NONE);
      run(scenario, run, "call " + nth + " of " + THAT_AN_INTERRUPT_STOPS);
      if (calls.get() < first) {
        return nth - 1;
      }
    }
  }

  private static void run(Scenario scenario, HistoryRun run, String where) {
    SimulatedDisk first = run.disk();
    try {
      run.run();
    } catch (RuntimeException | Error e) {
      List<String> calls = first.history();
      throw new AssertionError(scenario + ", " + where + " of\n" + String.join("\n", calls), e);
    }
  }
}
