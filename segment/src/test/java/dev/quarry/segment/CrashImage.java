package dev.quarry.segment;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Decides what one crash of a simulated disk leaves. It changes nothing of the crashed disk. */
final class CrashImage {

  private final SplittableRandom random;
  private final Survival survival;
  private final long lastCall;

  /** Changes that are to survive if their premises do. */
  private final Set<DirectoryChange> kept = new HashSet<>();

  /** The part of them that was found to be kept whatever the policy says. */
  private final Set<DirectoryChange> required = new HashSet<>();

  private final Map<DirectoryChange, Boolean> verdicts = new HashMap<>();
  private final Map<SimulatedNode, SimulatedNode> copies = new HashMap<>();

  CrashImage(Survival policy, SplittableRandom random, List<SimulatedDirectory> directories) {
    this.random = random;
    this.survival = random.nextBoolean() ? policy.settle(random) : policy;
    this.lastCall = lastCall(directories);
    for (SimulatedDirectory directory : directories) {
      choose(directory);
    }
    for (SimulatedDirectory directory : directories) {
      directory.journal().stream()
          .filter(change -> change.synced)
          .flatMap(change -> change.implied().stream())
          .forEach(this::require);
    }
  }

  /** A call after which {@link Survival#PREFIX} keeps nothing. */
  private long lastCall(List<SimulatedDirectory> directories) {
    TreeSet<Long> calls = new TreeSet<>(Set.of(0L));
    for (SimulatedDirectory directory : directories) {
      directory.journal().forEach(change -> calls.add(change.call));
      directory
          .nodes()
          .forEach(
              node -> {
                if (node instanceof SimulatedFile file) {
                  calls.addAll(file.unforcedCalls());
                }
              });
    }
    return List.copyOf(calls).get(random.nextInt(calls.size()));
  }

  private void choose(SimulatedDirectory directory) {
    Survival chosen = survival.settle(random);
    double share = random.nextDouble();
    for (DirectoryChange change : directory.journal()) {
      if (change.synced || chosen.keeps(change.call, lastCall, share, random)) {
        kept.add(change);
      }
    }
  }

  private void require(DirectoryChange change) {
    if (required.add(change)) {
      kept.add(change);
      change.premises().forEach(this::require);
      change.implied().forEach(this::require);
    }
  }

  private boolean survives(DirectoryChange change) {
    Boolean known = verdicts.get(change);
    if (known != null) {
      return known;
    }
    boolean verdict =
        change.isDurable()
            || (kept.contains(change)
                && change.premises().stream().allMatch(this::survives)
                && change.implied().stream().allMatch(this::survives));
    verdicts.put(change, verdict);
    return verdict;
  }

  /** What is left of a directory and everything in it. */
  SimulatedDirectory of(SimulatedDirectory directory) {
    Map<String, SimulatedNode> entries = directory.survivors(this::survives);
    entries.replaceAll((name, node) -> of(node));
    return new SimulatedDirectory(entries);
  }

  private SimulatedNode of(SimulatedNode node) {
    SimulatedNode copy = copies.get(node);
    if (copy == null) {
      copy =
          node instanceof SimulatedDirectory directory ? of(directory) : of((SimulatedFile) node);
      copies.put(node, copy);
    }
    if (copy instanceof SimulatedFile file) {
      file.links++;
    }
    return copy;
  }

  private SimulatedFile of(SimulatedFile file) {
    return new SimulatedFile(file.survivors(survival.settle(random), lastCall, random));
  }
}
