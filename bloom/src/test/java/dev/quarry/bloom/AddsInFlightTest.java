package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class AddsInFlightTest {

  @Test
  void allHaveEndedOnceEachBeginningHasItsEnd() {
    AddsInFlight adds = new AddsInFlight();
    assertTrue(adds.allEnded());
    adds.begin();
    adds.begin();
    assertFalse(adds.allEnded());
    adds.end();
    assertFalse(adds.allEnded());
    adds.end();
    assertTrue(adds.allEnded());
  }

  @Test
  void anAddMayEndInAnotherThread() throws InterruptedException {
    AddsInFlight adds = new AddsInFlight();
    for (int i = 0; i < 100; i++) {
      adds.begin();
      Thread other = new Thread(adds::end);
      other.start();
      other.join();
      assertTrue(adds.allEnded());
    }
  }

  /** One add begins and never ends; others come and go. */
  public static final class WithAnOpenAdd {
    private final AddsInFlight adds = new AddsInFlight();

    public WithAnOpenAdd() {
      adds.begin();
    }

    @Operation
    public void comeAndGo() {
      adds.begin();
      adds.end();
    }

    @Operation
    public boolean allEnded() {
      return adds.allEnded();
    }
  }

  public static final class NeverAllEnded {
    public void comeAndGo() {}

    public boolean allEnded() {
      return false;
    }
  }

  @Test
  void noInterleavingHidesAnOpenAddBehindOthers() throws NoSuchMethodException {
    Actor comeAndGo = new Actor(WithAnOpenAdd.class.getMethod("comeAndGo"), List.of());
    Actor allEnded = new Actor(WithAnOpenAdd.class.getMethod("allEnded"), List.of());
    LinChecker.check(
        WithAnOpenAdd.class,
        new ModelCheckingOptions()
            .sequentialSpecification(NeverAllEnded.class)
            .addCustomScenario(
                new ExecutionScenario(
                    List.of(),
                    List.of(List.of(allEnded), List.of(comeAndGo), List.of(comeAndGo)),
                    List.of(),
                    null))
            .iterations(0)
            .invocationsPerIteration(200));
  }
}
