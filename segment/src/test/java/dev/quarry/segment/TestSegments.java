package dev.quarry.segment;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** Small segments to write, to damage and to read back. */
final class TestSegments {

  static final UUID STORE = UUID.fromString("c0ffee00-1122-4433-8899-aabbccddeeff");
  static final long ID = 7;
  static final long FIRST_SEQUENCE = 1000;
  static final long SALT = RecordFormat.salt(STORE, ID);
  static final FileHeader HEADER = FileHeader.segment(STORE, ID, FIRST_SEQUENCE);
  static final Path PATH = Path.of("segments", "0000000007.seg");
  static final KeyHash HASHER = new Xxh3KeyHash(0);

  private TestSegments() {}

  /** What a footer says of one record. */
  record Entry(long low, long high, long offset, long length, long sequence, byte kind) {}

  /** A put or tombstone as a visitor sees it. */
  record Visited(byte kind, String key, long offset, long length, long sequence) {}

  /** A record that was evicted. */
  record Evicted(long low, long high, long length, long sequence) {}

  /** What batches list. */
  static final class Listed implements RecordVisitor {

    final List<Evicted> evicted = new ArrayList<>();
    final List<Long> replaced = new ArrayList<>();

    /** Of the batches, one for each entry. */
    final List<Long> offsets = new ArrayList<>();

    @Override
    public void record(byte kind, byte[] key, long offset, long length, long sequence) {}

    @Override
    public void evicted(long low, long high, long offset, long length, long sequence) {
      evicted.add(new Evicted(low, high, length, sequence));
      offsets.add(offset);
    }

    @Override
    public void replaced(long segmentId, long offset) {
      replaced.add(segmentId);
      offsets.add(offset);
    }
  }

  static Slab slab(int bytes) {
    return slab(bytes, HEADER);
  }

  static Slab slab(int bytes, FileHeader header) {
    return new Slab(DirectMemory.allocate(bytes).buffer(), header, memory -> {});
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** Appends a record; returns where it begins, or -1 when it does not fit. */
  static int append(Slab slab, byte kind, byte[] key, byte[] value) {
    long ticket = slab.reserve(RecordFormat.length(key.length, value.length));
    if (ticket == Slab.FULL) {
      return -1;
    }
    write(slab, ticket, kind, key, value);
    slab.settle();
    return Slab.position(ticket);
  }

  static void write(Slab slab, long ticket, byte kind, byte[] key, byte[] value) {
    slab.write(ticket, kind, ByteBuffer.wrap(key), value);
  }

  static int put(Slab slab, String key, String value) {
    return append(slab, RecordFormat.PUT, bytes(key), bytes(value));
  }

  static int tombstone(Slab slab, String key) {
    return append(slab, RecordFormat.TOMBSTONE, bytes(key), new byte[0]);
  }

  static int mark(Slab slab, long durable) {
    byte[] value = new byte[Long.BYTES];
    little(value).putLong(0, durable);
    return append(slab, RecordFormat.COMMIT_MARK, new byte[0], value);
  }

  /** The entries of a batch. */
  static ByteBuffer evictions(List<Evicted> evictions) {
    ByteBuffer entries = Batch.allocate(evictions.size());
    evictions.forEach(
        each -> Batch.putEvicted(entries, each.low(), each.high(), each.length(), each.sequence()));
    return entries.flip();
  }

  /** The entries of a batch. */
  static ByteBuffer replaced(List<Long> ids) {
    ByteBuffer entries = Batch.allocate(ids.size());
    ids.forEach(id -> Batch.putReplaced(entries, id));
    return entries.flip();
  }

  /** Appends a batch; returns where it begins, or -1 when it does not fit. */
  static int evict(Slab slab, List<Evicted> evictions) {
    long ticket = slab.reserveBatch(evictions.size());
    if (ticket == Slab.FULL) {
      return -1;
    }
    slab.writeBatch(ticket, evictions(evictions));
    slab.settleBatch(evictions.size());
    return Slab.position(ticket);
  }

  /**
   * A file as compaction writes one: it replaces segments 3, 5 and 4, has every put and tombstone
   * of a slab, and two batches of evictions.
   */
  static byte[] compacted(Slab input) throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    Path path = Path.of("/" + PATH.getFileName());
    long[] hash = new long[2];
    try (SegmentWriter writer =
        new SegmentWriter(disk, path, HEADER, HASHER, new StagingBuffers(1 << 20))) {
      writer.batch(RecordFormat.REPLACES, FIRST_SEQUENCE, replaced(List.of(3L, 5L, 4L)));
      List<Visited> records = new ArrayList<>();
      input.forEachRecord(input.end(), into(records));
      for (Visited each : records) {
        HASHER.hash(bytes(each.key()), hash);
        writer.copy(input, each.offset(), hash[0], hash[1]);
      }
      for (long i = 1; i <= 2; i++) {
        List<Evicted> evictions = List.of(new Evicted(i, -i, 0, 77 * i), new Evicted(9, 8, i, i));
        writer.batch(RecordFormat.EVICTIONS, FIRST_SEQUENCE, evictions(evictions));
      }
      writer.finish(input.nextSequence() - 1);
    }
    return Blocks.read(disk, path);
  }

  /** Appends a put that is then refused, as a batch that found the disk full is. */
  static int refused(Slab slab, String key, String value) {
    int at = put(slab, key, value);
    slab.voidRecords(at, slab.end());
    return at;
  }

  /** The segment file that a slab becomes. */
  static byte[] finish(Slab slab) {
    return finish(slab, HASHER);
  }

  static byte[] finish(Slab slab, KeyHash hasher) {
    slab.seal();
    return image(slab, (int) slab.finish(hasher).fileLength());
  }

  /** The first bytes of a slab. */
  static byte[] image(Slab slab, int length) {
    byte[] image = new byte[length];
    slab.head().get(0, image);
    return image;
  }

  static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Opens a segment file of some content, and checks that nothing stays open. */
  static SegmentFile open(byte[] image) throws IOException {
    OneFileDisk disk = new OneFileDisk(image);
    try {
      return SegmentFile.open(disk, PATH, STORE, ID, HASHER);
    } finally {
      disk.assertNothingOpen();
    }
  }

  static MappedSegment map(byte[] image) throws IOException {
    return MappedSegment.map(new OneFileDisk(image), PATH);
  }

  static SegmentScanner scanner(byte[] image) throws IOException {
    return new SegmentScanner(map(image), SALT);
  }

  static List<Entry> entries(SegmentFile file) {
    List<Entry> entries = new ArrayList<>();
    file.forEachEntry(
        (low, high, offset, length, sequence, kind) ->
            entries.add(new Entry(low, high, offset, length, sequence, kind)));
    return entries;
  }

  static RecordVisitor into(List<Visited> visited) {
    return (kind, key, offset, length, sequence) ->
        visited.add(new Visited(kind, new String(key, UTF_8), offset, length, sequence));
  }

  /** The trailer that an intact image ends with. */
  static Trailer trailer(byte[] image) {
    int at = image.length - Footer.TRAILER_LENGTH;
    return Trailer.decode(little(image), at, PATH, image.length, SALT);
  }

  /** Ends an image with another trailer, whose checksum is right. */
  static byte[] withTrailer(byte[] image, Trailer trailer) {
    byte[] changed = image.clone();
    trailer.encode(little(changed), changed.length - Footer.TRAILER_LENGTH, SALT);
    return changed;
  }

  /** Puts a record header whose check is right over what is at an offset. */
  static void putHeader(byte[] image, int offset, long length, int keyLength, byte kind) {
    RecordFormat.encodeHeader(
        little(image), offset, SALT, length, FIRST_SEQUENCE, 0, keyLength, kind);
    little(image).putInt(offset, (int) length);
  }

  static byte[] flip(byte[] image, int bit) {
    byte[] changed = image.clone();
    changed[bit / 8] ^= (byte) (1 << bit % 8);
    return changed;
  }

  static byte[] damaged(byte[] image, int offset) {
    return flip(image, offset * 8);
  }

  static byte[] cut(byte[] image, int length) {
    return Arrays.copyOf(image, length);
  }
}
