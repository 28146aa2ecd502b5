package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FaultyDisk;
import dev.quarry.segment.FaultyDisk.Operation;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;

/** Holds up the first call that meets a condition until it is opened. */
final class Gate {

  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch opened = new CountDownLatch(1);

  /** A disk whose first call that a condition holds for waits at this gate, with all like it. */
  Disk before(Disk disk, BiPredicate<Operation, Path> condition) {
    return new FaultyDisk(
        disk,
        (operation, path) -> {
          if (condition.test(operation, path)) {
            pass();
          }
          return null;
        });
  }

  /** Waits until the gate is open. */
  void pass() {
    reached.countDown();
    await(opened);
  }

  /** Waits until somebody waits at the gate. */
  void awaitArrival() {
    await(reached);
  }

  void open() {
    opened.countDown();
  }

  private static void await(CountDownLatch latch) {
    boolean interrupted = Thread.interrupted();
    try {
      assertTrue(latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "nobody came");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
