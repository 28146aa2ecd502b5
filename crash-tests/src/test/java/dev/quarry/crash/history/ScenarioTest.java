package dev.quarry.crash.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BrokenDisk;
import dev.quarry.BrokenDisk.Fault;
import dev.quarry.crash.history.Sweep.Failure;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forty-six fixed histories, in which the power fails at every call, or every call fails. */
@Tag("slow")
class ScenarioTest {

  /** Calls that lack something, one after the other. */
  private static final int A_WHILE = 20;

  private static final int STRIDE = 7;

  private static final String ALL = "dev.quarry.crash.history.Scenario#all";

  @Test
  void thereAreFortySix() {
    assertEquals(46, Scenario.all().stream().map(Scenario::name).distinct().count());
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void thePowerMayFailAtEveryCallWhateverSurvives(Scenario scenario) {
    long crashes = Sweep.crashAtEveryCall(scenario, disk -> disk);
    assertTrue(crashes >= 5 * 20, () -> crashes + " crashes");
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void thePowerMayFailAgainAtEveryCallOfRecovery(Scenario scenario) {
    long crashes = Sweep.crashAtEveryCallOfRecovery(scenario);
    assertTrue(crashes >= 20, () -> crashes + " crashes");
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void anInputOutputErrorOfAnyCallIsFinalAndLosesNothing(Scenario scenario) {
    assertTrue(Sweep.failAtEveryCall(scenario, Failure.EIO, false) >= 20);
    assertTrue(Sweep.failAtEveryCall(scenario, Failure.EIO, true) >= 20);
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aLackOfSpaceInAnyCallLosesNothing(Scenario scenario) {
    assertTrue(Sweep.failAtEveryCall(scenario, Failure.ENOSPC, false) >= 20);
    assertTrue(Sweep.failAtEveryCall(scenario, Failure.ENOSPC, true) >= 20);
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aLackOfDescriptorsOrPermissionsInAnyCallIsOverWhenItIs(Scenario scenario) {
    assertTrue(Sweep.lackFromCalls(scenario, 1, 1, false) >= 20);
    assertTrue(Sweep.lackFromCalls(scenario, A_WHILE, STRIDE, false) >= 20);
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void aLackOfMemoryInAnyCallIsOverWhenItIs(Scenario scenario) {
    assertTrue(Sweep.lackFromCalls(scenario, 1, 1, true) >= 20);
    assertTrue(Sweep.lackFromCalls(scenario, A_WHILE, STRIDE, true) >= 20);
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void anInterruptOfAnyCallIsNotNoticed(Scenario scenario) {
    assertTrue(Sweep.failAtEveryCall(scenario, Failure.INTERRUPT, false) >= 2);
  }

  @Test
  void aDiskThatSyncsNoLogsIsFoundOutByTheFirstValue() {
    Scenario first = Scenario.all().get(0);
    Fault fault = Fault.SKIPS_SYNC_OF_LOGS;
    assertThrows(
        AssertionError.class,
        () -> Sweep.crashAtEveryCall(first, disk -> new BrokenDisk(disk, fault)));
  }
}
