package dev.quarry.crash.history;

import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.util.SplittableRandom;

/** Looks at what a crash would leave at some calls, chosen by chance. */
final class RandomProbe implements CrashProbe {

  private final ImageCheck check;
  private final SplittableRandom random;
  private final double share;
  private final int depth;

  /**
   * Makes one.
   *
   * @param share of the calls, 0 to 1
   * @param depth how often, at most, recovery is cut short in turn
   */
  RandomProbe(ImageCheck check, long seed, double share, int depth) {
    this.check = check;
    this.random = new SplittableRandom(seed);
    this.share = share;
    this.depth = depth;
  }

  @Override
  public void beforeCall(SimulatedDisk disk, Oracle oracle) {
    long seed;
    synchronized (random) {
      if (disk.hasCrashed() || random.nextDouble() >= share) {
        return;
      }
      seed = random.nextLong();
    }
    check.check(disk, oracle, Survival.RANDOM, seed, depth);
  }
}
