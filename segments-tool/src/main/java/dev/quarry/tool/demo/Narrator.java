package dev.quarry.tool.demo;

import dev.quarry.tool.terminal.Console;
import java.util.ArrayList;
import java.util.List;

/** Tells how the demo goes, as it goes, and keeps count of what was to be proven. */
final class Narrator {

  private final Console console;
  private final List<String> refuted = new ArrayList<>();
  private int proven;
  private int steps;

  Narrator(Console console) {
    this.console = console;
  }

  void line(String text) {
    console.println(text);
    console.flush();
  }

  /** Begins a step. */
  void step(String title) {
    line("");
    line(++steps + ". " + title);
  }

  /** Tells one thing that was done or measured. */
  void fact(String name, String text) {
    line(String.format("   %-14s %s", name, text));
  }

  /** Tells whether one thing that must hold does. */
  void check(boolean holds, String claim) {
    fact(holds ? "proven" : "NOT PROVEN", claim);
    if (holds) {
      proven++;
    } else {
      refuted.add(claim);
    }
  }

  /** Says what it all comes to; returns whether everything was proven. */
  boolean conclude() {
    line("");
    line(
        refuted.isEmpty()
            ? "Everything was proven: " + proven + " of " + proven + "."
            : "Not proven: " + String.join("; ", refuted));
    return refuted.isEmpty();
  }
}
