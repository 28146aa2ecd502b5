package dev.quarry.crash.history;

import dev.quarry.segment.SimulatedDisk;

/** Looks at what a crash would leave, at each moment that it is asked or at some of them. */
@FunctionalInterface
interface CrashProbe {

  /** Looks at none. */
  CrashProbe NONE = (disk, oracle) -> {};

  /** Called before each call that may change the disk. */
  void beforeCall(SimulatedDisk disk, Oracle oracle);
}
