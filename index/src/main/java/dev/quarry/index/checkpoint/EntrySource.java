package dev.quarry.index.checkpoint;

import dev.quarry.index.EntryConsumer;

/** Where the entries of a checkpoint come from: a scan of the index, filtered or not. */
@FunctionalInterface
public interface EntrySource {

  /**
   * Hands every entry to a sink, one after the other, by one thread. What the sink throws must be
   * let through.
   */
  void forEach(EntryConsumer sink);
}
