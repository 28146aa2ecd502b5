package dev.quarry;

import dev.quarry.index.Replaced;

/** What an operation needs for a moment, one a thread, so that hot paths allocate nothing. */
final class Scratch {

  private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

  /** The key's hash: low half, high half. */
  final long[] hash = new long[2];

  final Replaced replaced = new Replaced();

  final Found found = new Found();

  private Scratch() {}

  static Scratch get() {
    return LOCAL.get();
  }
}
