package dev.quarry.segment;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Numbers the calls that can change a simulated disk, remembers the last of them, and knows which
 * fail or crash. Guarded by the lock of its disk.
 */
final class IoCalls {

  private static final int REMEMBERED = 200;

  private final ArrayDeque<String> history = new ArrayDeque<>();
  private final Map<Long, Supplier<? extends IOException>> failures = new HashMap<>();
  private final SplittableRandom random;
  private @Nullable Supplier<? extends IOException> lastingFailure;
  private long failingFrom = Long.MAX_VALUE;
  private long crashingAt = Long.MAX_VALUE;
  private long count;

  IoCalls(SplittableRandom random) {
    this.random = random;
  }

  /**
   * What becomes of one call. The caller applies as much of it as that allows, then says {@link
   * #conclude}.
   *
   * @param crash thrown if it crashes in the middle
   * @param failure thrown if it fails
   * @param applies whether a call that is not divisible takes effect
   */
  record Fate(
      @Nullable SimulatedCrashException crash, @Nullable IOException failure, boolean applies) {

    private static final Fate GOOD = new Fate(null, null, true);

    boolean crashes() {
      return crash != null;
    }

    boolean fails() {
      return failure != null;
    }

    void conclude() throws IOException {
      if (crash != null) {
        throw crash;
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  long count() {
    return count;
  }

  List<String> history() {
    return List.copyOf(history);
  }

  void crashAt(long call) {
    checkAhead(call);
    crashingAt = call;
  }

  void failAt(long call, Supplier<? extends IOException> failure) {
    checkAhead(call);
    failures.put(call, failure);
  }

  void failFrom(long call, Supplier<? extends IOException> failure) {
    checkAhead(call);
    failingFrom = call;
    lastingFailure = failure;
  }

  private void checkAhead(long call) {
    if (call <= count) {
      throw new IllegalArgumentException("call " + call + " is past: " + count + " were made");
    }
  }

  boolean hasCrashed() {
    return count >= crashingAt;
  }

  /** To be asked by every call, numbered or not. */
  void checkRunning() {
    if (hasCrashed()) {
      throw new SimulatedCrashException(crashingAt);
    }
  }

  /** Numbers a call, said in plain words, and tells what becomes of it. */
  Fate next(String call) {
    checkRunning();
    count++;
    if (hasCrashed()) {
      remember(call + " CRASHED");
      return new Fate(new SimulatedCrashException(count), null, random.nextBoolean());
    }
    Supplier<? extends IOException> failure = failures.get(count);
    if (failure == null && count >= failingFrom) {
      failure = lastingFailure;
    }
    if (failure != null) {
      remember(call + " FAILED");
      return new Fate(null, failure.get(), false);
    }
    remember(call);
    return Fate.GOOD;
  }

  private void remember(String call) {
    if (history.size() == REMEMBERED) {
      history.removeFirst();
    }
    history.addLast(count + " " + call);
  }
}
