package dev.quarry.benchmarks.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quarry.benchmarks.measure.ProcessFigures;
import dev.quarry.benchmarks.measure.Report;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class GrowthTest {

  private static final int SEGMENTS = 60;

  private static JsonNode report(IntFunction<ProcessFigures> figures) throws Exception {
    Growth growth = new Growth();
    for (int i = 0; i < Growth.SAMPLES; i++) {
      growth.sample(figures.apply(i), SEGMENTS);
    }
    Report report = new Report();
    growth.report(report);
    StringWriter out = new StringWriter();
    report.print(new PrintWriter(out), true);
    return new ObjectMapper().readTree(out.toString());
  }

  private static void assertOnlyMissed(String name, IntFunction<ProcessFigures> figures)
      throws Exception {
    JsonNode missed = report(figures).get("missed");
    assertEquals(1, missed.size(), missed::toString);
    assertTrue(missed.get(0).asText().startsWith(name + " grew from "), missed::toString);
  }

  @Test
  void whatComesAndGoesIsNotGrowth() throws Exception {
    JsonNode all =
        report(i -> new ProcessFigures(40 + i % 7, 60 + i % 9, 1000 + i % 100, 2000 + i % 100));
    assertEquals(0, all.get("missed").size(), all::toString);
    assertEquals(46, all.get("descriptorsByTenth").get(0).asLong());
    assertEquals(10, all.get("mappedBytesByTenth").size());
  }

  @Test
  void aLeakOfEachKindIsSeen() throws Exception {
    assertOnlyMissed("descriptors", i -> new ProcessFigures(40 + i, 60, 1000, 2000));
    assertOnlyMissed("strayMappings", i -> new ProcessFigures(40, 60 + i, 1000, 2000));
    assertOnlyMissed("directBytes", i -> new ProcessFigures(40, 60, 1000 + 2 * i, 2000));
    assertOnlyMissed("mappedBytes", i -> new ProcessFigures(40, 60, 1000, 2000 + 4 * i));
  }

  @Test
  void mappingsOfMoreSegmentsAreNoLeakOfMappings() throws Exception {
    assertEquals(0, report(i -> new ProcessFigures(40, i / 2, 1000, 2000)).get("missed").size());
  }
}
