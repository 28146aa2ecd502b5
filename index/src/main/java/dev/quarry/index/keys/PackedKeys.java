package dev.quarry.index.keys;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keys in the order of their unsigned bytes, each once, packed into one array: 4 bytes a key beside
 * its own. Of each key the place of its newest record may be known, for 8 bytes more. Immutable.
 */
public final class PackedKeys {

  /** The place of a record that nobody needs to know. */
  public static final long NO_PLACE = 0;

  private final byte[] bytes;

  /** Where each key begins, and where the last one ends. */
  private final int[] starts;

  private final long @Nullable [] places;

  private PackedKeys(byte[] bytes, int[] starts, long @Nullable [] places) {
    this.bytes = bytes;
    this.starts = starts;
    this.places = places;
  }

  /** Gathers keys in any order. For one thread. */
  public static final class Builder {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares entries as wholes
    private record Entry(byte[] key, long place) {}

    private static final Comparator<Entry> ORDER =
        Comparator.comparing(Entry::key, Arrays::compareUnsigned).thenComparingLong(Entry::place);

    private final List<Entry> entries = new ArrayList<>();

    /**
     * Adds a key; of several places of one key the highest counts.
     *
     * @param key not copied
     * @param place where its record is, above zero, or {@link #NO_PLACE}
     */
    public void add(byte[] key, long place) {
      entries.add(new Entry(key, place));
    }

    /** The keys added so far, in order. */
    public PackedKeys build() {
      entries.sort(ORDER);
      Packer packer = new Packer(entries.size());
      for (int i = 0; i < entries.size(); i++) {
        Entry entry = entries.get(i);
        boolean again = i + 1 < entries.size() && Arrays.equals(entry.key, entries.get(i + 1).key);
        if (!again) {
          packer.add(entry.key, 0, entry.key.length, entry.place);
        }
      }
      return packer.pack();
    }
  }

  /** Takes keys in their order. */
  private static final class Packer {

    private final int[] starts;
    private final long[] places;
    private byte[] bytes = new byte[256];
    private int count;
    private boolean hasPlaces;

    Packer(int most) {
      starts = new int[most + 1];
      places = new long[most];
    }

    void add(byte[] from, int start, int end, long place) {
      int at = starts[count];
      int needed = Math.addExact(at, end - start);
      if (needed > bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8, 2L * needed));
      }
      System.arraycopy(from, start, bytes, at, end - start);
      places[count] = place;
      hasPlaces |= place != NO_PLACE;
      starts[++count] = needed;
    }

    PackedKeys pack() {
      return new PackedKeys(
          Arrays.copyOf(bytes, starts[count]),
          Arrays.copyOf(starts, count + 1),
          hasPlaces ? Arrays.copyOf(places, count) : null);
    }
  }

  /**
   * The keys of two, each once.
   *
   * @param keep asked of every key; those it does not want are left out
   */
  static PackedKeys merge(PackedKeys left, PackedKeys right, Predicate<byte[]> keep) {
    Packer packer = new Packer(left.count() + right.count());
    int l = 0;
    int r = 0;
    while (l < left.count() || r < right.count()) {
      int order = l == left.count() ? 1 : r == right.count() ? -1 : left.compare(l, right, r);
      PackedKeys source = order <= 0 ? left : right;
      int at = order <= 0 ? l : r;
      long place = order == 0 ? Math.max(left.place(l), right.place(r)) : source.place(at);
      if (keep.test(source.key(at))) {
        packer.add(source.bytes, source.starts[at], source.starts[at + 1], place);
      }
      l += order <= 0 ? 1 : 0;
      r += order >= 0 ? 1 : 0;
    }
    return packer.pack();
  }

  /** The number of keys. */
  public int count() {
    return starts.length - 1;
  }

  /** A key, in a new array. */
  public byte[] key(int number) {
    return Arrays.copyOfRange(bytes, starts[number], starts[number + 1]);
  }

  /** The place of a key's newest record. */
  long place(int number) {
    return places == null ? NO_PLACE : places[number];
  }

  /** The number of the first key that is not below another; {@link #count} if all are. */
  int ceiling(byte[] key) {
    int low = 0;
    int high = count();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (compare(middle, key) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  int compare(int number, byte[] key) {
    return Arrays.compareUnsigned(bytes, starts[number], starts[number + 1], key, 0, key.length);
  }

  int compare(int number, PackedKeys other, int otherNumber) {
    return Arrays.compareUnsigned(
        bytes,
        starts[number],
        starts[number + 1],
        other.bytes,
        other.starts[otherNumber],
        other.starts[otherNumber + 1]);
  }

  /** Bytes of heap. */
  public long memoryBytes() {
    return bytes.length + 4L * starts.length + (places == null ? 0 : 8L * places.length);
  }
}
