package dev.quarry.crash.process;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/** What the JVM says of its direct memory. */
final class DirectMemoryFigures {

  private static final int PATIENCE = 1_000;

  private DirectMemoryFigures() {}

  static long used() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getTotalCapacity)
        .sum();
  }

  /** Has the garbage collector run until no more than so many bytes are in use. */
  static void awaitCollected(long bytes) {
    for (int i = 0; used() > bytes && i < PATIENCE; i++) {
      System.gc();
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
