package dev.quarry.benchmarks.replay;

/**
 * How many objects a store held, by samples.
 *
 * @param samples how many were taken
 * @param sum of the objects found by all of them
 * @param most the most of one of them
 * @param overdue how often the store, given a second, did not come down to its capacity
 */
record Occupancy(long samples, long sum, long most, long overdue) {

  double mean() {
    return samples == 0 ? 0 : (double) sum / samples;
  }

  Occupancy plus(Occupancy other) {
    return new Occupancy(
        samples + other.samples,
        sum + other.sum,
        Math.max(most, other.most),
        overdue + other.overdue);
  }
}
