package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.Replaced;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Trailer;
import dev.quarry.segment.Xxh3KeyHash;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * A directory of one key and the segments it leads to: an old one with the records 1 and 2 of the
 * key, a compacted copy of it with a higher id, and a newer one with the record 3 and the
 * tombstone.
 */
final class RelocationStore {

  static final int TOMBSTONE = 4;
  private static final byte[] KEY = {'k'};
  private static final UUID STORE = new UUID(1, 2);
  static final Bytes OLD = new Bytes(1, 1, 2);
  private static final Bytes NEW = new Bytes(2, 3, TOMBSTONE);
  static final Bytes COPY = new Bytes(3, 1, 2);

  /** The bytes of a segment, which never change, with where the records are. */
  static final class Bytes {

    private final List<Integer> offsets = new ArrayList<>();
    private final int id;
    private final int first;

    // out of sight of Lincheck, which cannot look into records
    private final SoftReference<Slab> slab;
    private final SoftReference<Trailer> trailer;

    Bytes(int id, int first, int last) {
      this.id = id;
      this.first = first;
      FileHeader header = FileHeader.segment(STORE, id, first);
      Slab filled = new Slab(DirectMemory.allocate(Disk.BLOCK).buffer(), header, memory -> {});
      for (int number = first; number <= last; number++) {
        long ticket = filled.reserve(RecordFormat.length(KEY.length, 0));
        filled.write(ticket, kind(number), ByteBuffer.wrap(KEY), new byte[0]);
        offsets.add(Slab.position(ticket));
      }
      filled.seal();
      this.slab = new SoftReference<>(filled);
      this.trailer = new SoftReference<>(filled.finish(new Xxh3KeyHash(0)));
    }

    int offset(int number) {
      return offsets.get(number - first);
    }

    Segment segment() {
      return new Segment(
          Objects.requireNonNull(trailer.get()),
          STORE,
          Path.of("segment"),
          Objects.requireNonNull(slab.get()));
    }

    long location(int number) {
      return Location.pack(id, offset(number), number == TOMBSTONE);
    }
  }

  private static byte kind(int number) {
    return number == TOMBSTONE ? RecordFormat.TOMBSTONE : RecordFormat.PUT;
  }

  static long length() {
    return RecordFormat.length(KEY.length, 0);
  }

  static Bytes home(int number) {
    return number < 3 ? OLD : NEW;
  }

  final KeyDirectory directory;
  final Segment old = OLD.segment();
  final Segment latest = NEW.segment();
  final Segment copy = COPY.segment();
  final long[] hash = new long[2];

  RelocationStore() {
    SegmentTable segments = new SegmentTable();
    segments.addAll(List.of(old, latest, copy));
    BlobStoreOptions options = TestStores.small(StoreMode.CACHE);
    directory = new KeyDirectory(segments, new Xxh3KeyHash(0), options, 0);
    directory.hasher().hash(KEY, hash);
  }

  Scratch scratch() {
    Scratch scratch = Scratch.get();
    scratch.hash[0] = hash[0];
    scratch.hash[1] = hash[1];
    return scratch;
  }

  boolean publish(int number) {
    Segment segment = number < 3 ? old : latest;
    int offset = home(number).offset(number);
    return directory.publish(scratch(), segment, offset, length(), number, kind(number));
  }

  void relocate(int number) {
    long from = OLD.location(number);
    long to = COPY.location(number);
    directory.relocate(hash[0], hash[1], from, to, length(), old, copy);
  }

  /** Forgets the key. */
  void clear() {
    long location = directory.find(scratch());
    if (Location.isTombstone(location)) {
      directory.forget(hash[0], hash[1], location);
    } else {
      directory.forgetPut(hash[0], hash[1], location, new Replaced());
    }
  }

  /** Throws if what is counted as live is not what the index leads to. */
  void checkAccounts() {
    long location = directory.find(scratch());
    int live = Location.isTombstone(location) ? 0 : Location.segment(location);
    for (Segment segment : List.of(old, latest, copy)) {
      check(segment.id() == live, segment.liveBytes(), "segment " + segment.id());
    }
    check(live != 0, directory.liveBytes(), "the directory");
  }

  private static void check(boolean live, long counted, String where) {
    if (counted != (live ? length() : 0)) {
      throw new IllegalStateException(where + " has " + counted + " bytes live");
    }
  }
}
