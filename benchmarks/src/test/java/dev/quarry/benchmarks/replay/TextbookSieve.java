package dev.quarry.benchmarks.replay;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** SIEVE with a linked list, after the pseudocode of the paper. */
final class TextbookSieve implements Cache {

  private static final class Node {
    final String key;
    boolean visited;
    @Nullable Node towardHead;
    @Nullable Node towardTail;

    Node(String key) {
      this.key = key;
    }
  }

  private final int capacity;
  private final Map<String, Node> nodes = new HashMap<>();
  private @Nullable Node head;
  private @Nullable Node tail;
  private @Nullable Node hand;

  TextbookSieve(int capacity) {
    this.capacity = capacity;
  }

  @Override
  public boolean request(byte[] key, long size) {
    String name = new String(key, StandardCharsets.ISO_8859_1);
    Node node = nodes.get(name);
    if (node != null) {
      node.visited = true;
      return true;
    }
    if (nodes.size() == capacity) {
      evict();
    }
    insert(new Node(name));
    return false;
  }

  private void evict() {
    Node candidate = hand == null ? tail : hand;
    while (candidate.visited) {
      candidate.visited = false;
      candidate = candidate.towardHead == null ? tail : candidate.towardHead;
    }
    hand = candidate.towardHead;
    remove(candidate);
  }

  private void insert(Node node) {
    node.towardTail = head;
    if (head == null) {
      tail = node;
    } else {
      head.towardHead = node;
    }
    head = node;
    nodes.put(node.key, node);
  }

  private void remove(Node node) {
    if (node.towardHead == null) {
      head = node.towardTail;
    } else {
      node.towardHead.towardTail = node.towardTail;
    }
    if (node.towardTail == null) {
      tail = node.towardHead;
    } else {
      node.towardTail.towardHead = node.towardHead;
    }
    nodes.remove(node.key);
  }
}
