package dev.quarry;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lack that keeps some work in the background from being done, for who looks at the store; the
 * log tells when it begins. Safe for use by any number of threads.
 */
final class CurrentLack {

  private static final Logger LOG = LoggerFactory.getLogger(CurrentLack.class);

  private final String work;
  private volatile @Nullable Throwable reason;

  /**
   * @param work what cannot be done, as the subject of a sentence
   */
  CurrentLack(String work) {
    this.work = work;
  }

  /** Notes that the work was left for later. */
  void begin(Throwable lack) {
    boolean isNew = reason == null;
    reason = lack;
    if (isNew) {
      LOG.warn("{} is postponed and will be retried: {}", work, lack.getMessage());
    }
  }

  /** Notes that the work was done. */
  void end() {
    if (reason != null) {
      reason = null;
    }
  }

  /** The lack in words; null when there is none. */
  @Nullable String words() {
    Throwable lack = reason;
    return lack == null ? null : work + " is postponed: " + lack.getMessage();
  }
}
