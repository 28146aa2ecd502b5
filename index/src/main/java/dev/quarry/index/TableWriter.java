package dev.quarry.index;

import static dev.quarry.index.BucketLayout.SLOTS;

/**
 * Changes a {@link Table}; readers of it see each change whole.
 *
 * <p>Used by one thread at a time, under the shard's lock. A <em>place</em> names an entry until
 * the next insertion: the bucket in the upper bits, the slot in the lowest three.
 *
 * <p>Insertion is two-choice hashing with displacement (Dietzfelbinger and Weidling, "Balanced
 * allocation and dictionaries with tightly packed constant size bins", 2007): when both buckets are
 * full, an entry of one is moved to its other bucket, for which another may have to move first.
 */
final class TableWriter {

  /** What {@link #find} returns when there is no such entry. */
  static final int ABSENT = -1;

  /**
   * Longest chain of moves tried. Each hop multiplies the buckets in reach by five, so three reach
   * 250 beyond the two: at loads up to 0.95 the search practically never fails.
   */
  private static final int MAX_HOPS = 3;

  private static final int SLOT_BITS = 3;

  private final Table table;

  TableWriter(Table table) {
    this.table = table;
  }

  Table table() {
    return table;
  }

  /** The place of an entry, or {@link #ABSENT}. */
  int find(long low, int tag) {
    long mix = Table.mix(low, tag);
    int first = table.firstBucket(mix);
    int slot = table.slotOf(first, table.header(first), low, tag);
    if (slot < SLOTS) {
      return place(first, slot);
    }
    int second = table.secondBucket(mix, first);
    slot = table.slotOf(second, table.header(second), low, tag);
    return slot < SLOTS ? place(second, slot) : ABSENT;
  }

  long location(int place) {
    return table.location(bucket(place), slot(place));
  }

  long length(int place) {
    return table.length(bucket(place), slot(place));
  }

  /** Gives an entry a new record. */
  void replace(int place, long location, long length, boolean visited) {
    long header = table.beginWrite(bucket(place));
    table.putLocation(bucket(place), slot(place), location);
    table.putLength(bucket(place), slot(place), length);
    table.endWrite(bucket(place), BucketLayout.withVisited(header, slot(place), visited));
  }

  /** Gives an entry's record a new location; length and visited bit stay. */
  void relocate(int place, long location) {
    long header = table.beginWrite(bucket(place));
    table.putLocation(bucket(place), slot(place), location);
    table.endWrite(bucket(place), header);
  }

  void remove(int place) {
    long header = table.beginWrite(bucket(place));
    table.endWrite(bucket(place), BucketLayout.vacate(header, slot(place)));
  }

  /**
   * Removes an entry whose visited bit is clear; clears the bit of one that has it set. A reader
   * marks by exchanging the very header it found its record under, so it fails once the write has
   * begun, and the header the write began with has every mark set before.
   *
   * @return whether the entry was removed
   */
  boolean removeUnlessVisited(int place) {
    int slot = slot(place);
    long header = table.beginWrite(bucket(place));
    boolean visited = BucketLayout.isVisited(header, slot);
    long next =
        visited ? BucketLayout.withVisited(header, slot, false) : BucketLayout.vacate(header, slot);
    table.endWrite(bucket(place), next);
    return !visited;
  }

  /**
   * Inserts an entry that is absent.
   *
   * @return false, and nothing changed for readers, if no room could be made
   */
  boolean insert(long low, int tag, long location, long length, boolean visited) {
    long mix = Table.mix(low, tag);
    int first = table.firstBucket(mix);
    int second = table.secondBucket(mix, first);
    for (int hops = 0; hops <= MAX_HOPS; hops++) {
      int slot = makeRoom(first, hops);
      if (slot < SLOTS) {
        fill(first, slot, low, tag, location, length, visited);
        return true;
      }
      slot = makeRoom(second, hops);
      if (slot < SLOTS) {
        fill(second, slot, low, tag, location, length, visited);
        return true;
      }
    }
    return false;
  }

  /** A free slot of a bucket, got by at most so many moves in a row, or {@code SLOTS} if none. */
  private int makeRoom(int bucket, int hops) {
    int free = BucketLayout.freeSlot(table.header(bucket));
    if (free < SLOTS || hops == 0) {
      return free;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      int other = table.otherBucket(bucket, slot);
      free = makeRoom(other, hops - 1);
      if (free < SLOTS) {
        // Three moves in a row can come back to this bucket, but not to this slot.
        assert table.otherBucket(bucket, slot) == other;
        move(bucket, slot, other, free);
        return slot;
      }
    }
    return SLOTS;
  }

  private void move(int source, int slot, int destination, int free) {
    long destinationHeader = table.beginWrite(destination);
    long sourceHeader = table.beginWrite(source);
    table.putIdentity(destination, free, table.low(source, slot), table.tag(source, slot));
    table.putLocation(destination, free, table.location(source, slot));
    table.putLength(destination, free, table.length(source, slot));
    boolean visited = BucketLayout.isVisited(sourceHeader, slot);
    table.endWrite(destination, BucketLayout.occupy(destinationHeader, free, visited));
    table.endWrite(source, BucketLayout.vacate(sourceHeader, slot));
  }

  private void fill(
      int bucket, int slot, long low, int tag, long location, long length, boolean visited) {
    long header = table.beginWrite(bucket);
    table.putIdentity(bucket, slot, low, tag);
    table.putLocation(bucket, slot, location);
    table.putLength(bucket, slot, length);
    table.endWrite(bucket, BucketLayout.occupy(header, slot, visited));
  }

  private static int place(int bucket, int slot) {
    return bucket << SLOT_BITS | slot;
  }

  private static int bucket(int place) {
    return place >>> SLOT_BITS;
  }

  private static int slot(int place) {
    return place & (1 << SLOT_BITS) - 1;
  }
}
