package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreMode;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real processes that are killed with SIGKILL while several threads use a store. */
@Tag("slow")
class KillTest {

  private static final int KILLS = 15;

  /** A few are enough, unless the machine is so busy that little happens before a kill. */
  private static final int MOST_KILLS_OF_A_LIAR = 100;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  @ParameterizedTest
  @EnumSource
  void noPromiseIsBrokenHoweverOftenItIsKilled(StoreMode mode) throws Exception {
    KillCampaign campaign = new KillCampaign(directory, mode, System.nanoTime());
    campaign.run(KILLS);
    System.out.println(campaign.summary());
    assertTrue(campaign.operations() > 1_000, campaign::summary);
  }

  @ParameterizedTest
  @EnumSource
  void aProcessThatLiesIsCaught(LyingChild.Lie lie) {
    KillCampaign campaign =
        new KillCampaign(directory, lie.mode, System.nanoTime(), LyingChild.class, lie.name());
    AssertionError caught =
        assertThrows(AssertionError.class, () -> campaign.run(MOST_KILLS_OF_A_LIAR));
    assertTrue(lie.isGivenAwayBy(caught.getMessage()), () -> lie + ": " + caught);
    System.out.println(lie + " was caught in cycle " + campaign.cycles());
  }
}
