package dev.quarry.crash.history;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Makes a history that breaks a promise short: takes out steps, first many at once and then fewer
 * (Zeller's delta debugging), for as long as what is left breaks one, too.
 */
final class Shrinker {

  private Shrinker() {}

  /**
   * Shrinks a history.
   *
   * @param breaks whether a history breaks a promise
   */
  static History shrink(History history, Predicate<History> breaks) {
    History shortest = history;
    for (int length = history.steps().size() / 2; length > 0; length /= 2) {
      for (int at = 0; at < shortest.steps().size(); ) {
        History shorter = shortest.with(without(shortest.steps(), at, length));
        if (breaks.test(shorter)) {
          shortest = shorter;
        } else {
          at += length;
        }
      }
    }
    return shortest;
  }

  private static List<Step> without(List<Step> steps, int from, int length) {
    List<Step> rest = new ArrayList<>(steps);
    rest.subList(from, Math.min(from + length, steps.size())).clear();
    return rest;
  }
}
