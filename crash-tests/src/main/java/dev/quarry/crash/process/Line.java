package dev.quarry.crash.process;

import org.jspecify.annotations.Nullable;

/** What the process that is killed says; each with a key and a version or number. */
enum Line {
  /** Before the store is opened. */
  OPENING,
  /** After that. */
  OPENED,
  /** Before a version is put, or its key deleted. */
  BEGUN,
  /** After that was acknowledged. */
  ACKNOWLEDGED,
  /** After it was refused instead. */
  REFUSED,
  /** After a version was read. */
  READ,
  /** After a key was evicted, before that is on disk. */
  EVICTED,
  /** Before a sync. */
  SYNCING,
  /** After it. */
  SYNCED;

  /** Tells a whole line from one that the kill cut short. */
  private static final char END = ';';

  /** A line that was read. */
  record Said(Line line, int key, long version) {}

  String format(int key, long version) {
    return name() + " " + key + " " + version + END + "\n";
  }

  /** What a line says; null if it is not whole. */
  static @Nullable Said parse(String text) {
    if (text.isEmpty() || text.charAt(text.length() - 1) != END) {
      return null;
    }
    String[] parts = text.substring(0, text.length() - 1).split(" ", 3);
    return new Said(valueOf(parts[0]), Integer.parseInt(parts[1]), Long.parseLong(parts[2]));
  }
}
