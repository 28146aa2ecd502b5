package dev.quarry;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the first failure of the system under the store. From then on every write is refused,
 * until the store is opened anew: after a failed sync nobody knows what is on stable storage.
 */
final class FailureLatch {

  private static final Logger LOG = LoggerFactory.getLogger(FailureLatch.class);

  private final AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();

  /** Latches a failure, unless one is latched; returns what to throw. */
  StoreFailedException fail(Throwable failure) {
    if (cause.compareAndSet(null, failure)) {
      LOG.error("the store has failed and is read-only from now on", failure);
    }
    return refusal();
  }

  /**
   * Refuses to go on after a failure.
   *
   * @throws StoreFailedException if there was one
   */
  void check() {
    if (cause.get() != null) {
      throw refusal();
    }
  }

  boolean isSet() {
    return cause.get() != null;
  }

  /** The latched failure in words; null when there is none. */
  @Nullable String message() {
    Throwable failure = cause.get();
    return failure == null ? null : String.valueOf(failure.getMessage());
  }

  private StoreFailedException refusal() {
    return new StoreFailedException(
        "the store is read-only since it failed: " + message(), cause.get());
  }
}
