package dev.quarry.benchmarks.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The figures of a measurement by name, in order, and the bars that they missed. */
public final class Report {

  private final Map<String, Object> figures = new LinkedHashMap<>();
  private final List<String> missed = new ArrayList<>();

  /** Takes a figure: a number, a text, a record or a list of them. */
  public Report put(String name, Object figure) {
    figures.put(name, figure);
    return this;
  }

  /** Takes note of a bar, which is missed unless it holds. */
  public Report bar(boolean holds, String format, Object... arguments) {
    if (!holds) {
      missed.add(String.format(Locale.ROOT, format, arguments));
    }
    return this;
  }

  /** Prints all as one line of JSON, or a figure a line; returns the exit code. */
  public int print(PrintWriter out, boolean json) throws JsonProcessingException {
    if (json) {
      figures.put("missed", missed);
      out.println(new ObjectMapper().writeValueAsString(figures));
    } else {
      figures.forEach((name, figure) -> out.printf("%-32s %s%n", name, text(figure)));
      missed.forEach(bar -> out.println("MISSED: " + bar));
    }
    out.flush();
    return missed.isEmpty() ? 0 : 1;
  }

  private static String text(Object figure) {
    return figure instanceof Double number
        ? String.format(Locale.ROOT, "%.4f", number)
        : figure.toString();
  }
}
