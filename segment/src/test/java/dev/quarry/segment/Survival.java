package dev.quarry.segment;

import java.util.List;
import java.util.SplittableRandom;

/** Which of the changes that were not yet durable a crash of a {@link SimulatedDisk} leaves. */
public enum Survival {
  /** All of them, as when only the process dies. */
  ALL,

  /** None of them. */
  NONE,

  /** Those of the calls up to some call, over the whole disk. */
  PREFIX,

  /** Any of them, call by call. */
  SUBSET,

  /** As {@link #SUBSET}, and of writes any sector in any of its versions, at any size. */
  TORN,

  /** Any of the above, for the whole disk or for each file and directory. */
  RANDOM;

  private static final List<Survival> SETTLED = List.of(ALL, NONE, PREFIX, SUBSET, TORN);

  /** This one, or one of the others for {@link #RANDOM}. */
  Survival settle(SplittableRandom random) {
    return this == RANDOM ? SETTLED.get(random.nextInt(SETTLED.size())) : this;
  }

  /**
   * Whether a change that is not durable survives.
   *
   * @param call the number of the call that made it
   * @param lastCall the last call that {@link #PREFIX} keeps
   * @param share of the calls that {@link #SUBSET} keeps, 0 to 1
   */
  boolean keeps(long call, long lastCall, double share, SplittableRandom random) {
    return switch (this) {
      case ALL -> true;
      case NONE -> false;
      case PREFIX -> call <= lastCall;
      case SUBSET, TORN -> random.nextDouble() < share;
      case RANDOM -> throw new IllegalStateException("to be settled first");
    };
  }
}
