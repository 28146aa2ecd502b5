package dev.quarry.crash.damage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first cases of the campaign, and those that once found something. */
@Tag("slow")
class FlipCampaignTest {

  private static final long SEED = 20_261_121;
  private static final int CASES = 5_000;

  @Test
  void damageOfAnyKindIsNeverReturnedAsBytes() throws IOException {
    System.out.println("flip --seed " + SEED + " --count " + CASES);
    FlipCampaign campaign = new FlipCampaign(SEED);
    for (int from = 0; from < CASES; from += FlipCampaign.CASES_OF_A_STORE) {
      campaign.run(from, from + FlipCampaign.CASES_OF_A_STORE);
    }
    System.out.println(campaign.counts());
    assertEquals(EnumSet.allOf(Damage.class), campaign.counts().keySet());
    Set<Outcome> seen = EnumSet.noneOf(Outcome.class);
    campaign.counts().values().forEach(outcomes -> seen.addAll(outcomes.keySet()));
    assertTrue(
        seen.containsAll(EnumSet.complementOf(EnumSet.of(Outcome.OTHER_VERSION))), "" + seen);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 760", // a STORE file of another mode
    "1, 2520", // a cache evicts, as it cannot compact a damaged segment
    "1, 2494", // a log of less than a block
    "2, 1732", // verify overlooked a log of less than a block of which the next one tells
    "1, 212307", // verify took the whole header of another segment for a torn one
    "1, 756585" // a log that ends in the padding of a record
  })
  void whatWasFoundStaysRight(long seed, long number) throws IOException {
    new FlipCampaign(seed).run(number, number + 1);
  }

  @Test
  void aCaseThatBreaksAPromiseNamesItsSeedAndNumber() {
    FlipCampaign campaign =
        new FlipCampaign(1) {
          @Override
          Outcome judge(
              Ground ground, java.nio.file.Path file, byte[] damaged, SplittableRandom random) {
            throw new BrokenPromiseException("planted");
          }
        };
    var e = assertThrows(BrokenPromiseException.class, () -> campaign.run(7, 8));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith("case 7 of seed 1: ")
            && String.valueOf(e.getMessage()).endsWith("planted"),
        e.getMessage());
  }
}
