package dev.quarry.crash.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.quarry.BrokenDisk;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random histories in both modes, with threads and without, the power failing at random calls,
 * those of recovery included: what was acknowledged is there, what was deleted stays deleted, what
 * was under way is there wholly or not at all, and a cache goes back no further than its last sync.
 */
@Tag("slow")
class HistoryTest {

  private static final long CRASH_POINTS = 20_000;
  private static final Trial.Manner MANNER = new Trial.Manner(0.1, 1);

  /** Another first seed makes another campaign; the command {@code campaign} tries many. */
  private static final long SEED = Long.getLong("crash.seed", 1);

  @Test
  void noPromiseIsBrokenAtTwentyThousandCrashPoints() {
    Campaign campaign = new Campaign(SEED, MANNER);
    campaign.run(Runtime.getRuntime().availableProcessors(), points -> points < CRASH_POINTS);
    System.out.printf(
        "%d histories from seed %d, %d crash points%n",
        campaign.histories(), SEED, campaign.crashPoints());
    if (!campaign.faults().isEmpty()) {
      Campaign.Fault fault = campaign.faults().get(0);
      throw new AssertionError(campaign.faults().toString(), fault.cause());
    }
    assertTrue(campaign.crashPoints() >= CRASH_POINTS);
  }

  /** A checker that cannot fail proves nothing: each of these disks breaks one promise. */
  @ParameterizedTest
  @EnumSource
  void aDiskThatBreaksAPromiseIsFoundOut(BrokenDisk.Fault fault) {
    Trial.Manner manner = new Trial.Manner(0.2, 1, disk -> new BrokenDisk(disk, fault));
    for (long seed = 1; seed < 3_000; seed++) {
      Trial trial = Trial.of(History.of(seed), manner);
      if (trial.fault() != null) {
        System.out.println(fault + " at seed " + seed + ": " + trial.fault());
        return;
      }
    }
    fail("no history noticed that the disk does this: " + fault);
  }

  @Test
  void aHistoryOfASeedIsAlwaysTheSame() {
    for (long seed = 0; seed < 20; seed++) {
      assertEquals(History.of(seed).toString(), History.of(seed).toString(), "seed " + seed);
    }
  }

  @Test
  void aHistoryWithoutThreadsMakesTheSameCallsEachTime() {
    long seed = 1;
    while (History.of(seed).shape().threaded()) {
      seed++;
    }
    assertEquals(calls(History.of(seed)), calls(History.of(seed)));
  }

  private static List<String> calls(History history) {
    HistoryRun run = new HistoryRun(history, disk -> disk, CrashProbe.NONE);
    run.run();
    return run.disk().history();
  }

  @Test
  void aHistoryThatBreaksAPromiseIsMadeShort() {
    Trial.Manner manner =
        new Trial.Manner(1, 0, disk -> new BrokenDisk(disk, BrokenDisk.Fault.SKIPS_SYNC_OF_LOGS));
    long seed = 1;
    while (Trial.of(History.of(seed), manner).fault() == null) {
      seed++;
    }
    History history = History.of(seed);
    History shortest = Shrinker.shrink(history, shorter -> fault(shorter, manner));
    assertNotNull(Trial.of(shortest, manner).fault());
    assertTrue(
        shortest.steps().size() <= 2, () -> history.steps().size() + " steps became " + shortest);
  }

  private static boolean fault(History history, Trial.Manner manner) {
    return Trial.of(history, manner).fault() != null;
  }

  @Test
  void aStepIsReadAsItIsWritten() {
    for (Step step : History.of(7).steps()) {
      Step read = Step.parse(step.toString());
      assertEquals(step.toString(), read.toString());
      assertEquals(step.kind(), read.kind());
    }
  }
}
