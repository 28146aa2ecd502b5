package dev.quarry.wal;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A thread that waits for its record to be durable, and what came of it. */
final class Waiter {

  private final Thread thread;
  private volatile @Nullable Throwable thrown;
  private volatile boolean interrupted;

  /** What a waiter does. */
  @FunctionalInterface
  interface Wait {
    void run() throws Throwable;
  }

  private Waiter(Wait wait) {
    thread =
        new Thread(
            () -> {
              try {
                wait.run();
              } catch (Throwable e) {
                thrown = e;
              }
              interrupted = Thread.currentThread().isInterrupted();
            });
    thread.setDaemon(true); // a test that fails leaves it behind
  }

  static Waiter start(Wait wait) {
    Waiter waiter = new Waiter(wait);
    waiter.thread.start();
    return waiter;
  }

  /** A waiter for a record that ends at an offset of its slab. */
  static Waiter start(GroupCommit commit, GroupCommit.Ticket ticket, int end) {
    return start(() -> commit.await(ticket, end));
  }

  /** Whether it has returned or thrown, once it does nothing but wait for others, or has ended. */
  boolean isDoneWhenAtRest() {
    for (; ; ) {
      if (thread.getState() == Thread.State.TERMINATED) {
        return true;
      }
      Object blocker = LockSupport.getBlocker(thread);
      if (blocker instanceof Condition || blocker instanceof Log) {
        return false;
      }
      Thread.onSpinWait();
    }
  }

  void interrupt() {
    thread.interrupt();
  }

  /** Waits for its end. */
  @Nullable Throwable outcome() throws InterruptedException {
    thread.join();
    return thrown;
  }

  /** Whether it had the interrupt status at its end. */
  boolean wasInterrupted() throws InterruptedException {
    thread.join();
    return interrupted;
  }
}
