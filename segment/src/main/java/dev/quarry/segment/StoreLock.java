package dev.quarry.segment;

import java.io.Closeable;
import java.io.IOException;

/**
 * The lock of a store, which can be lost to another process although nobody gave it up.
 *
 * <p>Closing it more than once does nothing. Safe for use by any number of threads.
 */
public interface StoreLock extends Closeable {

  /**
   * Returns if no other process has taken the lock since. Takes about a microsecond.
   *
   * @throws LockLostException if one has; nothing may then be changed any more
   * @throws IOException if it cannot be found out, or the lock was closed
   */
  void check() throws IOException;

  /**
   * The same, and takes the lock again where the system dropped it and no other process came yet.
   *
   * @throws LockLostException also if the path of the lock's file leads elsewhere by now
   */
  void renew() throws IOException;
}
