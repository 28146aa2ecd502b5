package dev.quarry.bloom;

import dev.quarry.segment.LincheckBudget;
import org.jetbrains.kotlinx.lincheck.LinChecker;
import org.jetbrains.kotlinx.lincheck.annotations.Operation;
import org.jetbrains.kotlinx.lincheck.annotations.Param;
import org.jetbrains.kotlinx.lincheck.paramgen.IntGen;
import org.jetbrains.kotlinx.lincheck.strategy.managed.modelchecking.ModelCheckingOptions;
import org.jetbrains.kotlinx.lincheck.strategy.stress.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A filter of one block is linearizable as a set of keys whose bits are all different: key k owns
 * bit k of each of the eight longs, so that every add goes for the same eight longs and no key is
 * taken for present because of others.
 */
@Param(name = "key", gen = IntGen.class, conf = "0:2")
@Tag("lincheck")
public class BlockedBloomFilterLincheckTest {

  private static final long SAME_IN_EVERY_FIELD = 0x0000_041041041041L;

  private final BlockedBloomFilter filter = BlockedBloomFilter.ofBits(512, 3);

  @Operation
  public void add(@Param(name = "key") int key) {
    filter.add(key * SAME_IN_EVERY_FIELD, 0);
  }

  @Operation
  public boolean mightContain(@Param(name = "key") int key) {
    return filter.mightContain(key * SAME_IN_EVERY_FIELD, 0);
  }

  public static final class SetOfKeys {
    private final boolean[] there = new boolean[3];

    public void add(int key) {
      there[key] = true;
    }

    public boolean mightContain(int key) {
      return there[key];
    }
  }

  @Test
  void noInterleavingLosesAnAdd() {
    LinChecker.check(
        getClass(),
        new ModelCheckingOptions()
            .sequentialSpecification(SetOfKeys.class)
            .iterations(LincheckBudget.modelledIterationsBeside(0))
            .threads(2)
            .actorsPerThread(3)
            .invocationsPerIteration(LincheckBudget.modelledInvocations()));
  }

  @Test
  void stressLosesNoAdd() {
    LinChecker.check(
        getClass(),
        new StressOptions()
            .sequentialSpecification(SetOfKeys.class)
            .iterations(LincheckBudget.iterationsBeside(0))
            .threads(3)
            .actorsPerThread(3)
            .invocationsPerIteration(LincheckBudget.invocations()));
  }
}
