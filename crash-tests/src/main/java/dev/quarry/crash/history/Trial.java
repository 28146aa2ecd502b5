package dev.quarry.crash.history;

import dev.quarry.segment.Disk;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a history, watched: it may hang.
 *
 * @param crashPoints how many moments of a power failure were looked at
 * @param fault what broke a promise; null if nothing did
 */
public record Trial(long crashPoints, @Nullable Throwable fault) {

  private static final long PATIENCE_SECONDS = 300;

  /**
   * How a history is tried.
   *
   * @param share of its calls before which a crash is tried, 0 to 1
   * @param depth how often, at most, recovery is cut short by another crash
   * @param decorator what the disk is wrapped in; the identity if it is to be as good as it is
   */
  public record Manner(double share, int depth, UnaryOperator<Disk> decorator) {

    /** On a disk that keeps its contract. */
    public Manner(double share, int depth) {
      this(share, depth, disk -> disk);
    }
  }

  /** Runs a history. */
  public static Trial of(History history, Manner manner) {
    try (ImageCheck images = new ImageCheck(history.shape())) {
      CrashProbe probe = new RandomProbe(images, history.seed(), manner.share(), manner.depth());
      HistoryRun run = new HistoryRun(history, manner.decorator(), probe);
      Throwable fault = watch(run::run);
      return new Trial(images.images() + run.crashes(), fault);
    }
  }

  private static @Nullable Throwable watch(Runnable run) {
    AtomicReference<@Nullable Throwable> fault = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                run.run();
              } catch (RuntimeException | Error e) {
                fault.set(e);
              }
            },
            "history");
    thread.setDaemon(true);
    thread.start();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
    return thread.isAlive() ? new AssertionError("it hangs:\n" + stacks()) : fault.get();
  }

  private static String stacks() {
    return Thread.getAllStackTraces().entrySet().stream()
        .map(Trial::stack)
        .collect(Collectors.joining("\n"));
  }

  private static String stack(Map.Entry<Thread, StackTraceElement[]> entry) {
    return entry.getKey().getName()
        + Stream.of(entry.getValue()).map(e -> "\n    " + e).collect(Collectors.joining());
  }
}
