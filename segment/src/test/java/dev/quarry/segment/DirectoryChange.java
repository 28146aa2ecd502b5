package dev.quarry.segment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A create, delete or rename, or one half of a rename between two directories. */
final class DirectoryChange {

  /** The number of the I/O call that made it. */
  final long call;

  final SimulatedNode node;

  /**
   * The names it takes from the node. For a rename also those that earlier ones in the journal
   * took: they may be lost, and the node is to have one name in the end.
   */
  private final Set<String> removed;

  /** The name it gives the node. */
  private final @Nullable String added;

  private final boolean rename;

  /** Changes without which it does not survive. */
  private final List<DirectoryChange> premises = new ArrayList<>();

  /** Changes that survive with it, as otherwise a file would be left without any name. */
  private final List<DirectoryChange> implied = new ArrayList<>();

  /** Whether a sync covered it, although it is not durable before some others are. */
  boolean synced;

  /** Whether a sync of it failed, so that no later one covers it. */
  boolean lost;

  private boolean durable;

  private DirectoryChange(
      long call, SimulatedNode node, Set<String> removed, @Nullable String added, boolean rename) {
    this.call = call;
    this.node = node;
    this.removed = removed;
    this.added = added;
    this.rename = rename;
  }

  static DirectoryChange create(long call, SimulatedNode node, String name) {
    return new DirectoryChange(call, node, Set.of(), name, false);
  }

  static DirectoryChange delete(long call, SimulatedNode node, String name) {
    return new DirectoryChange(call, node, Set.of(name), null, false);
  }

  /**
   * @param added null in the half that is in the old directory
   */
  static DirectoryChange rename(
      long call, SimulatedNode node, Set<String> removed, @Nullable String added) {
    return new DirectoryChange(call, node, removed, added, true);
  }

  boolean renames(SimulatedNode other) {
    return rename && node == other;
  }

  Set<String> removed() {
    return removed;
  }

  /** Whether it freed the name that the other takes, for something that goes on to exist. */
  boolean vacates(DirectoryChange other) {
    return other.added != null
        && removed.contains(other.added)
        && (rename || node instanceof SimulatedDirectory);
  }

  void survivesOnlyWith(DirectoryChange premise) {
    premises.add(premise);
  }

  void implies(DirectoryChange other) {
    implied.add(other);
  }

  List<DirectoryChange> premises() {
    return premises;
  }

  List<DirectoryChange> implied() {
    return implied;
  }

  boolean isDurable() {
    return durable;
  }

  void makeDurable() {
    durable = true;
    premises.clear();
    implied.clear();
  }

  void apply(Map<String, SimulatedNode> entries) {
    removed.forEach(name -> entries.remove(name, node));
    if (added != null) {
      entries.put(added, node);
    }
  }
}
