package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What is remembered of refused allocations; processes with real limits are crash tests. */
class DirectMemoryLimitTest {

  /** A refusal that the limit does not explain holds for a second; the machine may be slow. */
  private static final long SURE_NANOS = 500_000_000;

  /** More than anything else in this JVM allocates, and no more than it allows. */
  private static long allowed() {
    return DirectMemoryLimit.limit() - DirectMemoryLimit.used() - (16 << 20);
  }

  /** Asserts something of the time right after a refusal. */
  private static void rightAfter(Runnable refusal, Runnable assertion) {
    for (; ; ) {
      long start = System.nanoTime();
      refusal.run();
      try {
        assertion.run();
        return;
      } catch (AssertionError e) {
        if (System.nanoTime() - start < SURE_NANOS) {
          throw e;
        }
      }
    }
  }

  @Test
  void aRefusalThatTheLimitDoesNotExplainHolds() {
    long bytes = allowed();
    rightAfter(
        () -> DirectMemoryLimit.refused(bytes),
        () -> {
          assertTrue(DirectMemoryLimit.isShort(bytes));
          assertTrue(DirectMemoryLimit.isShort(bytes + 1));
          assertFalse(DirectMemoryLimit.isShort(bytes / 4));
        });
  }

  @Test
  void aLargerRefusalDoesNotHideASmallerOne() {
    long bytes = allowed() / 2;
    rightAfter(
        () -> {
          DirectMemoryLimit.refused(bytes);
          DirectMemoryLimit.refused(2 * bytes);
        },
        () -> assertTrue(DirectMemoryLimit.isShort(bytes)));
  }

  @Test
  void anAllocationThatSucceedsForgetsNoRefusalOfALargerOne() {
    long bytes = allowed() / 2;
    rightAfter(
        () -> {
          DirectMemoryLimit.refused(bytes);
          DirectMemory.allocate(4096).close();
        },
        () -> assertTrue(DirectMemoryLimit.isShort(bytes)));
  }
}
