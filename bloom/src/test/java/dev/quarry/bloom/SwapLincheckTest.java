package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.LincheckBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store of two keys behind a holder must be linearizable as a set while rebuilds run: once a get
 * has found a key, every later one does. The store looks keys up in an index of its own, so false
 * positives do not show.
 */
@Tag("lincheck")
class SwapLincheckTest {

  static final int KEYS = 2;

  @Param(name = "key", gen = IntGen.class, conf = "0:1")
  abstract static class Store {
    private final AtomicIntegerArray index = new AtomicIntegerArray(KEYS);
    private final Holder filter;

    Store(Holder filter) {
      this.filter = filter;
    }

    @Operation
    public void put(@Param(name = "key") int key) {
      Object token = filter.add(Hashes.low(key), Hashes.high(key));
      index.set(key, 1);
      filter.confirm(token, Hashes.low(key), Hashes.high(key));
    }

    @Operation
    public boolean get(@Param(name = "key") int key) {
      return filter.mightContain(Hashes.low(key), Hashes.high(key)) && index.get(key) == 1;
    }

    /** Rebuilds, and fails if a key that was there when the scan ended is not after the swap. */
    @Operation
    public void rebuild() throws InterruptedException {
      boolean[] seen = new boolean[KEYS];
      filter.rebuild(
          KEYS,
          consumer -> {
            scan(consumer);
            for (int key = 0; key < KEYS; key++) {
              seen[key] = get(key);
            }
          });
      for (int key = 0; key < KEYS; key++) {
        if (seen[key] && !get(key)) {
          throw new IllegalStateException("the swap hid key " + key);
        }
      }
    }

    private void scan(HashConsumer consumer) {
      for (int key = 0; key < KEYS; key++) {
        if (index.get(key) == 1) {
          consumer.accept(Hashes.low(key), Hashes.high(key));
        }
      }
    }
  }

  public static final class SetOfKeys {
    private final boolean[] there = new boolean[KEYS];

    public void put(int key) {
      there[key] = true;
    }

    public boolean get(int key) {
      return there[key];
    }

    public void rebuild() {}
  }

  public static final class RealStore extends Store {
    public RealStore() {
      super(Holder.real(KEYS));
    }
  }

  // Lincheck makes its stores by a constructor without arguments, hence a class for each bug.

  public static final class AddsSkipNext extends Store {
    public AddsSkipNext() {
      super(new PlantedHolder(KEYS, PlantedHolder.Bug.ADDS_SKIP_NEXT));
    }
  }

  public static final class ScanDoesNotWait extends Store {
    public ScanDoesNotWait() {
      super(new PlantedHolder(KEYS, PlantedHolder.Bug.SCAN_DOES_NOT_WAIT));
    }
  }

  public static final class ReReadInsteadOfWait extends Store {
    public ReReadInsteadOfWait() {
      super(new PlantedHolder(KEYS, PlantedHolder.Bug.RE_READ_INSTEAD_OF_WAIT));
    }
  }

  public static final class CountsInBlindly extends Store {
    public CountsInBlindly() {
      super(new PlantedHolder(KEYS, PlantedHolder.Bug.COUNTS_IN_BLINDLY));
    }
  }

  public static final class NextPublishedAfterScan extends Store {
    public NextPublishedAfterScan() {
      super(new PlantedHolder(KEYS, PlantedHolder.Bug.NEXT_PUBLISHED_AFTER_SCAN));
    }
  }

  private static Actor put(int key) throws NoSuchMethodException {
    return new Actor(Store.class.getMethod("put", int.class), List.of(key));
  }

  private static Actor get(int key) throws NoSuchMethodException {
    return new Actor(Store.class.getMethod("get", int.class), List.of(key));
  }

  private static Actor rebuild() throws NoSuchMethodException {
    return new Actor(Store.class.getMethod("rebuild"), List.of());
  }

  private static ExecutionScenario aPutCrossesARebuild() throws NoSuchMethodException {
    return new ExecutionScenario(
        List.of(), List.of(List.of(put(0)), List.of(rebuild(), get(0))), List.of(get(0)), null);
  }

  private static ExecutionScenario putsCrossTwoRebuilds() throws NoSuchMethodException {
    return new ExecutionScenario(
        List.of(put(1)),
        List.of(List.of(put(0), get(0)), List.of(rebuild(), rebuild(), get(1))),
        List.of(get(0), get(1)),
        null);
  }

  private static ModelCheckingOptions modelChecking(ExecutionScenario scenario, int invocations) {
    ModelCheckingOptions options = new ModelCheckingOptions();
    options
        .sequentialSpecification(SetOfKeys.class)
        .addCustomScenario(scenario)
        .iterations(0) // No other scenarios.
        .invocationsPerIteration(invocations)
        .minimizeFailedScenario(false)
        .hangingDetectionThreshold(20) // A rebuild that waits is switched away from sooner.
        // The first two have tests of their own; the list belongs to the rebuilding thread.
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses(
                    BlockedBloomFilter.class.getName(),
                    AddsInFlight.class.getName(),
                    ArrayList.class.getName())
                .allMethods()
                .treatAsAtomic());
    return options;
  }

  @Test
  void noInterleavingOfAPutAndARebuildHidesAPublishedKey() throws Exception {
    LinChecker.check(
        RealStore.class,
        modelChecking(aPutCrossesARebuild(), LincheckBudget.modelledInvocations()));
  }

  @Test
  void noInterleavingOfPutsAndTwoRebuildsHidesAPublishedKey() throws Exception {
    LinChecker.check(
        RealStore.class,
        modelChecking(putsCrossTwoRebuilds(), LincheckBudget.modelledInvocations()));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        AddsSkipNext.class,
        ScanDoesNotWait.class,
        ReReadInsteadOfWait.class,
        CountsInBlindly.class,
        NextPublishedAfterScan.class
      })
  void theCheckerFindsEachPlantedBug(Class<? extends Store> store) throws Exception {
    ModelCheckingOptions options =
        modelChecking(aPutCrossesARebuild(), LincheckBudget.ENOUGH_FOR_A_BUG);
    Throwable e =
        assertThrows(LincheckAssertionError.class, () -> LinChecker.check(store, options));
    assertTrue(e.getMessage().contains("Invalid execution results"), e.getMessage());
  }

  @Test
  void stressHidesNoPublishedKey() {
    LinChecker.check(
        RealStore.class,
        new StressOptions()
            .sequentialSpecification(SetOfKeys.class)
            .iterations(LincheckBudget.iterationsBeside(0))
            .threads(3)
            .actorsPerThread(3)
            .invocationsPerIteration(LincheckBudget.invocations())
            .minimizeFailedScenario(false));
  }
}
