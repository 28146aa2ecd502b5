package dev.quarry.benchmarks.space;

import dev.quarry.benchmarks.measure.ProcessFigures;
import dev.quarry.benchmarks.measure.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * What a process takes while a store is at work, by samples, and whether it is more in the last
 * tenth of them than in the first. Used by one thread.
 */
final class Growth {

  /** How many samples are to be taken; a tenth of them is judged by its highest figure. */
  static final int SAMPLES = 100;

  private static final int TENTHS = 10;
  private static final int MORE_DESCRIPTORS = 16;
  private static final int MORE_MAPPINGS = 16;

  /** The part of the bytes in the first tenth that may come on top of them. */
  private static final int MORE_BYTES_PART = 8;

  private final List<Sample> samples = new ArrayList<>();

  /**
   * What was found at one moment.
   *
   * @param segments of the store
   */
  private record Sample(ProcessFigures process, int segments) {

    /** Mappings that no segment of the store accounts for, but those being made or given up. */
    long strayMappings() {
      return Math.max(0, process.segmentMappings() - segments);
    }
  }

  /** How many samples there are. */
  int samples() {
    return samples.size();
  }

  /**
   * Takes a sample.
   *
   * @param process what it takes now
   * @param segments that the store has now
   */
  void sample(ProcessFigures process, int segments) {
    samples.add(new Sample(process, segments));
  }

  /** Reports the highest figures of each tenth, and judges them. */
  void report(Report report) {
    figure(report, "segments", Sample::segments);
    figure(report, "segmentMappings", sample -> sample.process.segmentMappings());
    judge(report, "strayMappings", Sample::strayMappings, first -> first + MORE_MAPPINGS);
    judge(
        report,
        "descriptors",
        sample -> sample.process.descriptors(),
        first -> first + MORE_DESCRIPTORS);
    judge(report, "directBytes", sample -> sample.process.directBytes(), Growth::withLeeway);
    judge(report, "mappedBytes", sample -> sample.process.mappedBytes(), Growth::withLeeway);
  }

  private static long withLeeway(long bytes) {
    return bytes + bytes / MORE_BYTES_PART;
  }

  private void judge(
      Report report, String name, ToLongFunction<Sample> figure, LongUnaryOperator allowed) {
    List<Long> byTenth = figure(report, name, figure);
    long first = byTenth.get(0);
    long last = byTenth.get(TENTHS - 1);
    report.bar(last <= allowed.applyAsLong(first), "%s grew from %d to %d", name, first, last);
  }

  private List<Long> figure(Report report, String name, ToLongFunction<Sample> figure) {
    List<Long> byTenth = IntStream.range(0, TENTHS).mapToObj(i -> most(i, figure)).toList();
    report.put(name + "ByTenth", byTenth);
    return byTenth;
  }

  private long most(int tenth, ToLongFunction<Sample> figure) {
    int from = samples.size() * tenth / TENTHS;
    int to = samples.size() * (tenth + 1) / TENTHS;
    return samples.subList(from, to).stream().mapToLong(figure).max().orElse(0);
  }
}
