package dev.quarry.benchmarks.replay;

/**
 * What came of a replay.
 *
 * @param requests all of them
 * @param misses those whose object was not in the cache
 */
record Replay(long requests, long misses) {

  Replay plus(Replay other) {
    return new Replay(requests + other.requests, misses + other.misses);
  }

  double missRatio() {
    return requests == 0 ? 0 : (double) misses / requests;
  }
}
