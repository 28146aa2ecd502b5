package dev.quarry.segment;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory of a simulated disk: the entries that are durable, those the running process sees,
 * and a journal of the changes in between. Guarded by the lock of its disk.
 */
final class SimulatedDirectory implements SimulatedNode {

  private final Map<String, SimulatedNode> durable;
  private final Map<String, SimulatedNode> current;
  private final List<DirectoryChange> journal = new ArrayList<>();

  /** What created it; null when that is long durable. */
  private @Nullable DirectoryChange birth;

  SimulatedDirectory() {
    this(Map.of());
  }

  /** A directory whose entries are durable. */
  SimulatedDirectory(Map<String, SimulatedNode> entries) {
    this.durable = new TreeMap<>(entries);
    this.current = new TreeMap<>(entries);
  }

  @Nullable SimulatedNode get(String name) {
    return current.get(name);
  }

  List<String> names() {
    return List.copyOf(current.keySet());
  }

  void create(long call, String name, SimulatedNode node) {
    DirectoryChange change = DirectoryChange.create(call, node, name);
    if (node instanceof SimulatedDirectory directory) {
      directory.birth = change;
    }
    append(change);
  }

  void delete(long call, String name, SimulatedNode node) {
    DirectoryChange change = DirectoryChange.delete(call, node, name);
    if (node instanceof SimulatedDirectory directory) {
      directory.journal.forEach(change::implies);
    }
    append(change);
  }

  void rename(long call, String from, SimulatedDirectory target, String to, SimulatedNode node) {
    Set<String> removed = namesTakenFrom(node);
    removed.add(from);
    if (target == this) {
      append(DirectoryChange.rename(call, node, removed, to));
      return;
    }
    DirectoryChange arrival = DirectoryChange.rename(call, node, target.namesTakenFrom(node), to);
    DirectoryChange departure = DirectoryChange.rename(call, node, removed, null);
    departure.survivesOnlyWith(arrival);
    target.append(arrival);
    append(departure);
  }

  private Set<String> namesTakenFrom(SimulatedNode node) {
    Set<String> names = new HashSet<>();
    journal.stream()
        .filter(change -> change.renames(node))
        .forEach(change -> names.addAll(change.removed()));
    return names;
  }

  private void append(DirectoryChange change) {
    if (birth != null && !birth.isDurable()) {
      change.survivesOnlyWith(birth);
    }
    journal.stream().filter(earlier -> earlier.vacates(change)).forEach(change::implies);
    journal.add(change);
    change.apply(current);
  }

  /** Makes all changes durable but those that an earlier sync failed on. */
  void sync() {
    for (DirectoryChange change : journal) {
      change.synced = !change.lost;
    }
    Set<DirectoryChange> all = Set.copyOf(journal);
    if (journal.stream().allMatch(change -> isSettled(change, all))) {
      journal.forEach(change -> change.apply(durable));
      journal.forEach(DirectoryChange::makeDurable);
      journal.clear();
    }
  }

  private static boolean isSettled(DirectoryChange change, Set<DirectoryChange> journal) {
    return change.synced
        && Stream.concat(change.premises().stream(), change.implied().stream())
            .allMatch(other -> other.isDurable() || journal.contains(other));
  }

  /** From now on the changes are in the cache only, whatever is synced later. */
  void failSync() {
    for (DirectoryChange change : journal) {
      change.lost = !change.synced;
    }
  }

  List<DirectoryChange> journal() {
    return journal;
  }

  /** The entries of which a crash leaves those changes that are told to survive. */
  Map<String, SimulatedNode> survivors(Predicate<DirectoryChange> survives) {
    Map<String, SimulatedNode> entries = new TreeMap<>(durable);
    journal.stream().filter(survives).forEach(change -> change.apply(entries));
    return entries;
  }

  /** Everything that may be in it after a crash. */
  Stream<SimulatedNode> nodes() {
    return Stream.concat(durable.values().stream(), journal.stream().map(change -> change.node));
  }
}
