package dev.quarry;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the first failure of the system under the store. From then on, until the store is
 * opened anew, nothing is acknowledged as durable: after a failed sync nobody knows what is on
 * stable storage. A durable store is read-only, a cache keeps what it is given in memory only.
 *
 * <p>Who waits for something that a failure keeps from coming must be a listener, so that every
 * failure wakes it, whoever met with it. Safe for use by any number of threads.
 */
final class FailureLatch {

  private static final Logger LOG = LoggerFactory.getLogger(FailureLatch.class);

  private final StoreMode mode;
  private final AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  FailureLatch(StoreMode mode) {
    this.mode = mode;
  }

  /** Has the first failure told to a listener, after it is latched; at once if it is already. */
  void addListener(Runnable listener) {
    listeners.add(listener);
    if (isSet()) {
      listener.run();
    }
  }

  /** Latches a failure, unless one is latched; returns what to throw. */
  StoreFailedException fail(Throwable failure) {
    if (cause.compareAndSet(null, failure)) {
      try {
        LOG.error("the store has failed and is {} from now on", consequence(), failure);
      } finally {
        for (Runnable listener : listeners) { // without a lambda, whose linking takes memory
          listener.run();
        }
      }
    }
    return refusal();
  }

  /**
   * Refuses what needs the disk after a failure.
   *
   * @throws StoreFailedException if there was one
   */
  void check() {
    if (isSet()) {
      throw refusal();
    }
  }

  /**
   * Refuses what a store that has failed takes no more; a cache still takes what fits a slab.
   *
   * @throws StoreFailedException if the store is read-only
   */
  void checkWritable() {
    if (mode == StoreMode.DURABLE) {
      check();
    }
  }

  boolean isSet() {
    return cause.get() != null;
  }

  /** Whether the store goes on in memory alone. */
  boolean isMemoryOnly() {
    return mode == StoreMode.CACHE && isSet();
  }

  /** The latched failure in words; null when there is none. */
  @Nullable String message() {
    Throwable failure = cause.get();
    return failure == null ? null : String.valueOf(failure.getMessage());
  }

  private String consequence() {
    return mode == StoreMode.DURABLE ? "read-only" : "in memory only";
  }

  private StoreFailedException refusal() {
    return new StoreFailedException(
        "the store is " + consequence() + " since it failed: " + message(), cause.get());
  }
}
