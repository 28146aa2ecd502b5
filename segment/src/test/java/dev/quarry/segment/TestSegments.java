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

  static Slab slab(int bytes) {
    return slab(bytes, HEADER);
  }

  static Slab slab(int bytes, FileHeader header) {
    return new Slab(Slab.allocate(bytes), header, memory -> {});
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
    slab.write(ticket, kind, key, value);
    slab.settle();
    return Slab.position(ticket);
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
