package dev.quarry.index.keys;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The keys of a range out of several sorted runs, merged by a heap. For one thread at a time. */
public final class KeyMerge implements OrderedKeys {

  /** A run, and which of its keys comes next. */
  private static final class Head implements Comparable<Head> {
    final PackedKeys run;
    int at;

    Head(PackedKeys run) {
      this.run = run;
    }

    @Override
    public int compareTo(Head other) {
      return run.compare(at, other.run, other.at);
    }
  }

  private final List<Head> heads;
  private final byte @Nullable [] to;
  private final PriorityQueue<Head> queue;

  /** Those whose next key is the one the cursor is at; taken out of the queue. */
  private final List<Head> current;

  /**
   * @param from the first key of the range; null for the lowest
   * @param to the first key beyond it; null for no limit
   */
  public KeyMerge(List<PackedKeys> runs, byte @Nullable [] from, byte @Nullable [] to) {
    this.heads = runs.stream().map(Head::new).toList();
    this.to = to;
    this.queue = new PriorityQueue<>(heads.size() + 1); // so that a step takes no memory
    this.current = new ArrayList<>(heads.size());
    seek(from == null ? new byte[0] : from);
  }

  @Override
  public void seek(byte[] from) {
    current.clear();
    queue.clear();
    for (Head head : heads) {
      head.at = Math.max(head.at, head.run.ceiling(from));
      enqueue(head);
    }
  }

  private void enqueue(Head head) {
    boolean within =
        head.at < head.run.count() && (to == null || head.run.compare(head.at, to) < 0);
    if (within) {
      queue.add(head);
    }
  }

  @Override
  public boolean next() {
    for (Head head : current) {
      head.at++;
      enqueue(head);
    }
    current.clear();
    Head least = queue.poll();
    if (least == null) {
      return false;
    }
    current.add(least);
    while (!queue.isEmpty() && queue.peek().compareTo(least) == 0) {
      current.add(queue.poll());
    }
    return true;
  }

  @Override
  public byte[] key() {
    if (current.isEmpty()) {
      throw new IllegalStateException("the cursor is not at a key");
    }
    Head head = current.get(0);
    return head.run.key(head.at);
  }

  /**
   * Whether something holds for every place that is known of the key the cursor is at; true if none
   * is.
   */
  public boolean allPlaces(LongPredicate condition) {
    return current.stream()
        .mapToLong(head -> head.run.place(head.at))
        .allMatch(place -> place == PackedKeys.NO_PLACE || condition.test(place));
  }

  @Override
  public void close() {
    current.clear();
    queue.clear();
  }
}
