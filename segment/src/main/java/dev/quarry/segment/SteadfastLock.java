package dev.quarry.segment;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock whose {@link #lock} never fails. That of a {@link ReentrantLock} that is held by another
 * thread takes memory to wait, and throws when there is none, which is too late where a change of
 * state must be brought to its end.
 */
public final class SteadfastLock extends ReentrantLock {

  private static final long serialVersionUID = 1L;

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // there is no memory for a better way to wait
  public void lock() {
    for (; ; ) {
      try {
        super.lock();
        return;
      } catch (OutOfMemoryError e) {
        Thread.yield();
      }
    }
  }
}
