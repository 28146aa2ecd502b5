package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What several tests need: keys and values, a look at a store's files, and damage to them. */
final class StoreFixture {

  /** Where stores on disks in memory are. */
  static final Path ROOT = Path.of("/store");

  static final BlobStoreOptions DURABLE = TestStores.small(StoreMode.DURABLE);
  static final BlobStoreOptions CACHE = TestStores.small(StoreMode.CACHE);

  /** The longest value that goes into a slab, with a key of four bytes. */
  static final int LARGEST_IN_SLAB =
      (int) Slab.largestRecord(TestStores.SEGMENT_BYTES) - RecordFormat.HEADER_LENGTH - 4;

  private StoreFixture() {}

  /** A record in a segment file. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares places
  record Place(ByteBuffer key, long offset, long length) {

    long keyOffset() {
      return offset + RecordFormat.HEADER_LENGTH;
    }

    long valueOffset() {
      return keyOffset() + key.remaining();
    }
  }

  static BlobStoreOptions options(StoreMode mode) {
    return mode == StoreMode.DURABLE ? DURABLE : CACHE;
  }

  /** Opens a store whose background work is done by its callers. */
  static BlobStore open(Disk disk, BlobStoreOptions options) {
    return BlobStore.open(ROOT, options, TestStores.inline(disk));
  }

  /** The key of a number: four bytes, in the order of the numbers. */
  static byte[] key(int number) {
    return ByteBuffer.allocate(4).putInt(number).array();
  }

  static byte[] key(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Random bytes, the same for the same seed. */
  static byte[] value(long seed, int length) {
    byte[] value = new byte[length];
    new Random(seed * 31 + length).nextBytes(value);
    return value;
  }

  /** Puts the keys from one number up to another, each with its {@link #value} of that length. */
  static void putAll(BlobStore store, int from, int to, int length) {
    for (int i = from; i < to; i++) {
      store.put(key(i), value(i, length));
    }
  }

  static void assertAll(BlobStore store, int from, int to, int length) {
    for (int i = from; i < to; i++) {
      int number = i;
      assertArrayEquals(value(i, length), store.get(key(i)), () -> "value of key " + number);
    }
  }

  static List<String> keys(BlobStore store, KeyRange range) {
    List<String> keys = new ArrayList<>();
    try (KeyCursor cursor = store.keys(range)) {
      while (cursor.next()) {
        keys.add(Arrays.toString(cursor.key()));
      }
    }
    return keys;
  }

  // ---- files ----

  static StoreIdentity identity(Disk disk, Path root) {
    try {
      return StoreIdentity.read(disk, new StoreLayout(root));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The only segment file of a store. */
  static Path onlySegment(Disk disk, Path root) throws IOException {
    StoreLayout layout = new StoreLayout(root);
    List<Long> ids = layout.segmentIds(disk);
    assertEquals(1, ids.size());
    return layout.segment(ids.get(0));
  }

  private static long id(Path file) {
    return Long.parseLong(file.getFileName().toString().replaceAll("\\D.*", ""));
  }

  static Trailer trailer(Disk disk, Path root, Path file) throws IOException {
    StoreIdentity identity = identity(disk, root);
    KeyHash hasher = new Xxh3KeyHash(identity.hashSeed());
    return SegmentFile.open(disk, file, identity.storeId(), id(file), hasher).trailer();
  }

  /** The puts and tombstones of a segment, or of a log up to its end, in their order. */
  static List<Place> places(Disk disk, Path root, Path file) throws IOException {
    long id = id(file);
    StoreIdentity identity = identity(disk, root);
    boolean isLog = file.toString().endsWith(".wal");
    long end = isLog ? disk.size(file) : trailer(disk, root, file).recordsEnd();
    List<Place> places = new ArrayList<>();
    MappedSegment mapped = MappedSegment.map(disk, file);
    SegmentScanner scanner = new SegmentScanner(mapped, RecordFormat.salt(identity.storeId(), id));
    scanner.forEachRecord(
        FileHeader.LENGTH,
        scanner.endOfChain(FileHeader.LENGTH, end),
        (kind, key, offset, length, sequence) ->
            places.add(new Place(ByteBuffer.wrap(key), offset, length)));
    mapped.retire();
    return places;
  }

  /** The one record of a key, which must be in the segment. */
  static Place place(Disk disk, Path root, Path file, byte[] key) throws IOException {
    return places(disk, root, file).stream()
        .filter(place -> place.key().equals(ByteBuffer.wrap(key)))
        .findFirst()
        .orElseThrow();
  }

  /** Changes bits of the byte at an offset, durably. */
  static void flip(Disk disk, Path path, long offset, int bits) throws IOException {
    long start = offset & -Disk.BLOCK;
    ByteBuffer block = DirectMemory.allocate(Disk.BLOCK).buffer();
    try (DiskFile file = disk.open(path)) {
      file.read(block, start);
      block.clear();
      int at = (int) (offset - start);
      block.put(at, (byte) (block.get(at) ^ bits));
      file.write(block, start);
      file.force();
    }
  }

  static void flip(Path path, long offset, int bits) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    bytes[(int) offset] ^= (byte) bits;
    Files.write(path, bytes);
  }

  /** Every file below a directory with its bytes, the lock, checkpoint and key index left out. */
  static Map<Path, ByteBuffer> files(Path root) throws IOException {
    Map<Path, ByteBuffer> files = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            return path.endsWith("keyindex") || path.endsWith("index")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            if (!path.endsWith("LOCK")) {
              files.put(root.relativize(path), ByteBuffer.wrap(Files.readAllBytes(path)));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }

  static void delete(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(path);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path path, @Nullable IOException failure)
              throws IOException {
            Files.delete(path);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
