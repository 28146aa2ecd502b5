package dev.quarry.crash;

import dev.quarry.crash.damage.FlipCommand;
import dev.quarry.crash.fuzz.FuzzCommand;
import dev.quarry.crash.history.CampaignCommand;
import dev.quarry.crash.history.ReplayCommand;
import dev.quarry.crash.planted.PlantedCommand;
import dev.quarry.crash.process.KillCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command that tries to break the store, for as long as it is told to. */
@Command(
    name = "crash-tests",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    description = "Tries to break what Quarry promises.",
    footer = {
      "",
      "Exit code 0: nothing was found; 1: a promise was broken; 2: arguments not understood."
    })
public final class CrashTests implements Runnable {

  private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";

  @Spec private CommandSpec spec;

  private CrashTests() {}

  /** Runs a command, and ends the process with its exit code. */
  public static void main(String[] arguments) {
    if (System.getProperty(LOG_LEVEL) == null) {
      System.setProperty(LOG_LEVEL, "off"); // stores fail here by the thousand, and say so
    }
    System.exit(commandLine().execute(arguments));
  }

  /** The commands; what is returned may be told where they are to print. */
  static CommandLine commandLine() {
    return new CommandLine(new CrashTests())
        .addSubcommand(new CampaignCommand())
        .addSubcommand(new ReplayCommand())
        .addSubcommand(new PlantedCommand())
        .addSubcommand(new FlipCommand())
        .addSubcommand(new FuzzCommand())
        .addSubcommand(new KillCommand())
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
