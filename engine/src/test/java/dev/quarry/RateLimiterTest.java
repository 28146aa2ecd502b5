package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Times are the scheduler's affair; that somebody waits, and no longer than he must, is not. */
@Timeout(120)
class RateLimiterTest {

  private static final long YEARS = 1L << 40;

  @Test
  void whoIsAheadOfTheRateWaitsUntilAllLimitsEnd() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(1_000);
    Thread taker = new Thread(() -> limiter.take(YEARS));
    taker.start();
    awaitWaiting(taker);
    limiter.stop();
    taker.join();
    limiter.take(YEARS);
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      assertEquals(true, thread.isAlive(), "it went on although nothing was due");
      Thread.onSpinWait();
    }
  }

  @Test
  void withoutALimitNobodyWaits() {
    RateLimiter limiter = new RateLimiter(Long.MAX_VALUE);
    for (int i = 0; i < 1_000; i++) {
      limiter.take(YEARS);
    }
  }
}
