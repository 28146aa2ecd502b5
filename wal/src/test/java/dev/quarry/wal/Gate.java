package dev.quarry.wal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.FaultyDisk.Operation;
import java.nio.file.Path;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Stands in front of a disk's forces: counts them, and holds them back while it is shut. */
final class Gate implements Hook {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition change = lock.newCondition();

  @GuardedBy("lock")
  private int arrived;

  @GuardedBy("lock")
  private int allowed = Integer.MAX_VALUE;

  @Override
  public void before(Operation call, Path path) {
    if (call == Operation.FORCE) {
      lock.lock();
      try {
        int mine = ++arrived;
        change.signalAll();
        while (mine > allowed) {
          change.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** How many forces have come, held back or not. */
  int forces() {
    lock.lock();
    try {
      return arrived;
    } finally {
      lock.unlock();
    }
  }

  /** Holds back every force to come. */
  void shut() {
    lock.lock();
    try {
      allowed = arrived;
    } finally {
      lock.unlock();
    }
  }

  /** Holds back no force any more. */
  void open() {
    lock.lock();
    try {
      allowed = Integer.MAX_VALUE;
      change.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Lets one more force pass. */
  void letOnePass() {
    lock.lock();
    try {
      allowed++;
      change.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until that many forces have come in all. */
  void awaitForces(int count) {
    lock.lock();
    try {
      while (arrived < count) {
        change.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
