package dev.quarry.index.keys;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes on their way to a database, in their order, written a bounded part at a time so that a
 * segment of any size takes little memory. For one thread.
 */
final class Batch {

  /** Bytes of names and values that are gathered before they are written. */
  private static final int MAX_BYTES = 256 * 1024;

  /** An entry to add or replace, or, without a value, to remove. */
  static final class Change {
    final byte[] name;
    final byte @Nullable [] value;

    private Change(byte[] name, byte @Nullable [] value) {
      this.name = name;
      this.value = value;
    }
  }

  private final RocksDatabase database;
  private final List<Change> changes = new ArrayList<>();
  private int bytes;

  Batch(RocksDatabase database) {
    this.database = database;
  }

  /** Adds or replaces an entry. */
  void put(byte[] name, byte[] value) {
    add(new Change(name, value), name.length + value.length);
  }

  /** Removes an entry; it need not be there. */
  void delete(byte[] name) {
    add(new Change(name, null), name.length);
  }

  private void add(Change change, int size) {
    changes.add(change);
    bytes += size;
    if (bytes >= MAX_BYTES) {
      write();
    }
  }

  /** Writes what has not been written yet. */
  void write() {
    database.write(changes);
    changes.clear();
    bytes = 0;
  }
}
