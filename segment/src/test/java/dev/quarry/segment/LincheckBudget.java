package dev.quarry.segment;

/**
 * How long Lincheck looks for an interleaving that goes wrong: in so many scenarios, each of them
 * so often. The build looks a little, at 50 scenarios 2,000 times each; the model checker, which is
 * a hundred times slower than threads left to themselves, at 10 scenarios 100 times. A campaign
 * sets the system properties {@code lincheck.iterations} and {@code lincheck.invocations}, which
 * hold for both.
 */
public final class LincheckBudget {

  /** Invocations within which the model checker finds a planted bug. */
  public static final int ENOUGH_FOR_A_BUG = 2_000;

  private static final String ITERATIONS = "lincheck.iterations";
  private static final String INVOCATIONS = "lincheck.invocations";

  private LincheckBudget() {}

  /** How many scenarios to make up, beside some that are given, for threads to run freely. */
  public static int iterationsBeside(int given) {
    return Math.max(0, Integer.getInteger(ITERATIONS, 50) - given);
  }

  /** How often to have threads run a scenario freely. */
  public static int invocations() {
    return Integer.getInteger(INVOCATIONS, 2_000);
  }

  /** How many scenarios to make up, beside some that are given, for the model checker. */
  public static int modelledIterationsBeside(int given) {
    return Math.max(0, Integer.getInteger(ITERATIONS, 10) - given);
  }

  /** In how many ways the model checker is to interleave a scenario. */
  public static int modelledInvocations() {
    return Integer.getInteger(INVOCATIONS, 100);
  }
}
