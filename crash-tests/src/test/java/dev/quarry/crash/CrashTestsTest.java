package dev.quarry.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands, in runs that are as short as can be. */
@Tag("slow")
class CrashTestsTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine line = CrashTests.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  private void assertSaid(String text) {
    assertTrue(out.toString().contains(text), out + "" + err);
  }

  @Test
  void aCampaignPrintsItsSeedAndItsRate() {
    assertEquals(0, run("campaign", "--minutes", "0.02", "--seed", "5"), err::toString);
    assertSaid("seed 5,");
    assertSaid("crash points");
    assertSaid("an hour");
  }

  @Test
  void aHistoryIsTriedAgainBySeed() {
    assertEquals(0, run("replay", "--times", "1", "5"), err::toString);
    assertSaid("nothing found");
  }

  @Test
  void damageAndKillsAreCommandsToo() {
    assertEquals(0, run("flip", "--count", "20", "--seed", "1"), err::toString);
    assertEquals(0, run("kill", "--count", "2", "--seed", "1"), err::toString);
    assertSaid("kills");
  }

  @Test
  void everyCommandExplainsItself() {
    for (String command : List.of("campaign", "replay", "kill", "flip", "fuzz", "planted")) {
      assertEquals(0, run(command, "--help"), command);
    }
  }

  @Test
  void argumentsThatAreNotUnderstoodAreRefused() {
    assertEquals(2, run());
    assertEquals(2, run("campaign", "--minutes", "soon"));
    assertTrue(err.toString().contains("soon"), err::toString);
  }
}
