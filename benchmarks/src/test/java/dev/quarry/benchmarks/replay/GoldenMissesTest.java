package dev.quarry.benchmarks.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The policies over real traces, against the counts of other simulators. */
@Tag("slow")
class GoldenMissesTest {

  private static final Path TRACES = Path.of("src/test/resources/traces");

  /** Over the rows here; it is 10.7 % over those of all six traces that golden counts exist of. */
  private static final double MEAN_REDUCTION = 0.06;

  private record Row(String trace, int capacity) {

    long misses(Policy policy) throws TraceException {
      Path path = TRACES.resolve(trace + ".txt.zst");
      return new Trace(path).replay(new PolicyCache(capacity, policy)).misses();
    }
  }

  private static final Map<Row, Map<String, Long>> GOLDEN = golden();

  private static Map<Row, Map<String, Long>> golden() {
    try {
      List<String> lines = Files.readAllLines(TRACES.resolve("golden_misses.csv"));
      Map<Row, Map<String, Long>> golden = new LinkedHashMap<>();
      for (String line : lines.subList(1, lines.size())) {
        String[] cells = line.split(",", -1);
        golden
            .computeIfAbsent(
                new Row(cells[0], Integer.parseInt(cells[2])), row -> new LinkedHashMap<>())
            .put(cells[3], Long.parseLong(cells[4]));
      }
      return golden;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<Row> rows() {
    return GOLDEN.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void sieveMissesExactlyAsOftenAsTheReference(Row row) throws TraceException {
    assertEquals(GOLDEN.get(row).get("SIEVE"), row.misses(Policy.SIEVE));
  }

  @Test
  void theDefaultIsWellBelowFifoAndNowhereMuchAbove() throws TraceException {
    double sum = 0;
    for (Map.Entry<Row, Map<String, Long>> golden : GOLDEN.entrySet()) {
      double fifo = golden.getValue().get("FIFO");
      double reduction = 1 - golden.getKey().misses(Policy.DEFAULT) / fifo;
      assertTrue(reduction > -0.015, () -> golden.getKey() + ": " + reduction);
      sum += reduction;
    }
    double mean = sum / GOLDEN.size();
    assertTrue(mean > MEAN_REDUCTION, () -> "mean reduction " + mean);
  }
}
