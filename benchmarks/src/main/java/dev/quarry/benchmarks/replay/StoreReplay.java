package dev.quarry.benchmarks.replay;

import dev.quarry.benchmarks.measure.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Replays a trace to a store; on demand half of it in another process, which then ends without
 * closing the store.
 */
final class StoreReplay {

  private static final Part NOTHING = new Part(new Replay(0, 0), new Occupancy(0, 0, 0, 0));

  private final Path trace;
  private final StoreShape shape;
  private final Policy policy;

  StoreReplay(Path trace, StoreShape shape, Policy policy) {
    this.trace = trace;
    this.shape = shape;
    this.policy = policy;
  }

  /** What came of a part of the trace. */
  record Part(Replay replay, Occupancy occupancy) {}

  /**
   * What came of it.
   *
   * @param first up to where the store was killed; nothing if it was not
   * @param second what followed
   */
  record Result(Part first, Part second) {

    Replay replay() {
      return first.replay.plus(second.replay);
    }

    Occupancy occupancy() {
      return first.occupancy.plus(second.occupancy);
    }
  }

  /**
   * Replays to a store.
   *
   * @param directory of the store, which is empty
   * @param kill whether to kill the store halfway, and to open it again
   */
  Result run(Path directory, boolean kill) throws IOException, TraceException {
    if (!kill) {
      return new Result(NOTHING, runFrom(0, directory));
    }
    long half = new Trace(trace).replay((key, size) -> true).requests() / 2;
    Part first = runAndDie(directory, half);
    return new Result(first, runFrom(half, directory));
  }

  private Part runFrom(long request, Path directory) throws TraceException {
    try (StoreCache cache = new StoreCache(directory, shape, policy)) {
      Replay replay = new Trace(trace).replay(cache, request, Long.MAX_VALUE);
      return new Part(replay, cache.occupancy());
    }
  }

  private Part runAndDie(Path directory, long half) throws IOException {
    String said =
        ChildJvm.run(
            StoreReplay.class,
            trace.toString(),
            Integer.toString(shape.objects()),
            policy.name(),
            directory.toString(),
            Long.toString(half));
    String[] figures = said.split(" ", -1);
    long[] n = new long[figures.length];
    for (int i = 0; i < n.length; i++) {
      n[i] = Long.parseLong(figures[i]);
    }
    return new Part(new Replay(n[0], n[1]), new Occupancy(n[2], n[3], n[4], n[5]));
  }

  /** The process that is killed. */
  public static void main(String[] arguments) throws TraceException {
    StoreShape shape = StoreShape.of(Integer.parseInt(arguments[1]));
    Policy policy = Policy.valueOf(arguments[2]);
    StoreCache cache = new StoreCache(Path.of(arguments[3]), shape, policy);
    Replay replay = new Trace(Path.of(arguments[0])).replay(cache, 0, Long.parseLong(arguments[4]));
    Occupancy seen = cache.occupancy();
    ChildJvm.die(
        String.format(
            "%d %d %d %d %d %d",
            replay.requests(),
            replay.misses(),
            seen.samples(),
            seen.sum(),
            seen.most(),
            seen.overdue()));
  }
}
