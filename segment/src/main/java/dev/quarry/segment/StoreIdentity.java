package dev.quarry.segment;

import dev.quarry.CorruptionException;
import dev.quarry.StoreMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What the STORE file says: whose files these are. One block: the common header, then
 *
 * <pre>
 *  64  4  mode: 1 durable, 2 cache
 *  68  4  zero
 *  72  8  seed of the key hash
 *  80  8  bound of a cache in bytes; zero in a durable store
 *  88 36  zero
 * 124  4  CRC-32C of bytes 64 to 123
 * </pre>
 *
 * @param storeId random; bound into every file and record of the store
 * @param mode of the store
 * @param hashSeed of the XXH3-128 of its keys
 * @param maxBytes the most bytes that the segments of a cache may take on disk, from {@link
 *     #LEAST_MAX_BYTES} on; zero in a durable store, which is not bounded
 */
public record StoreIdentity(UUID storeId, StoreMode mode, long hashSeed, long maxBytes) {

  /** The least bound of a cache, in bytes: four of the smallest segments. */
  public static final long LEAST_MAX_BYTES = 288 << 10;

  private static final int MODE_OFFSET = FileHeader.LENGTH;
  private static final int HASH_SEED_OFFSET = MODE_OFFSET + 8;
  private static final int MAX_BYTES_OFFSET = HASH_SEED_OFFSET + 8;
  private static final int CHECKSUM_OFFSET = MAX_BYTES_OFFSET + 8 + 36;

  /** The identity of a durable store. */
  public static StoreIdentity durable(UUID storeId, long hashSeed) {
    return new StoreIdentity(storeId, StoreMode.DURABLE, hashSeed, 0);
  }

  /** The identity of a cache with a bound in bytes. */
  public static StoreIdentity cache(UUID storeId, long hashSeed, long maxBytes) {
    return new StoreIdentity(storeId, StoreMode.CACHE, hashSeed, maxBytes);
  }

  /** The identity of the same cache with another bound in bytes. */
  public StoreIdentity withMaxBytes(long bytes) {
    return cache(storeId, hashSeed, bytes);
  }

  /** The file's one block. */
  ByteBuffer encode() {
    ByteBuffer block = ByteBuffer.allocate(Disk.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    new FileHeader(FileHeader.STORE_MAGIC, storeId, 0, 0, 0, 0).encode(block);
    block.putInt(MODE_OFFSET, mode == StoreMode.DURABLE ? 1 : 2);
    block.putLong(HASH_SEED_OFFSET, hashSeed);
    block.putLong(MAX_BYTES_OFFSET, maxBytes);
    block.putInt(CHECKSUM_OFFSET, bodyChecksum(block));
    return block;
  }

  static StoreIdentity decode(ByteBuffer source, Path file) {
    ByteBuffer block = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    FileHeader header = FileHeader.decode(block, file, FileHeader.STORE_MAGIC);
    if (block.limit() < CHECKSUM_OFFSET + 4) {
      throw new CorruptionException(file, block.limit(), "the file is cut short here");
    }
    int checksum = bodyChecksum(block);
    if (checksum != block.getInt(CHECKSUM_OFFSET)) {
      throw new CorruptionException(
          file,
          CHECKSUM_OFFSET,
          String.format(
              "checksum %08x was expected, found %08x", checksum, block.getInt(CHECKSUM_OFFSET)));
    }
    StoreMode mode =
        switch (block.getInt(MODE_OFFSET)) {
          case 1 -> StoreMode.DURABLE;
          case 2 -> StoreMode.CACHE;
          default ->
              throw new CorruptionException(
                  file,
                  MODE_OFFSET,
                  "mode 1 or 2 was expected, found " + block.getInt(MODE_OFFSET));
        };
    long maxBytes = block.getLong(MAX_BYTES_OFFSET);
    if (mode == StoreMode.CACHE ? maxBytes < LEAST_MAX_BYTES : maxBytes != 0) {
      String expected = mode == StoreMode.CACHE ? LEAST_MAX_BYTES + " or more" : "0";
      throw new CorruptionException(
          file,
          MAX_BYTES_OFFSET,
          "a bound of " + expected + " was expected in a " + mode + " store, found " + maxBytes);
    }
    return new StoreIdentity(header.storeId(), mode, block.getLong(HASH_SEED_OFFSET), maxBytes);
  }

  private static int bodyChecksum(ByteBuffer block) {
    return Checksum.of(block.slice(MODE_OFFSET, CHECKSUM_OFFSET - MODE_OFFSET));
  }

  /**
   * Reads the STORE file.
   *
   * @throws CorruptionException if it is damaged
   * @throws dev.quarry.FormatVersionException if another version wrote it
   */
  public static StoreIdentity read(Disk disk, StoreLayout layout) throws IOException {
    try (DiskFile file = disk.openForRead(layout.store())) {
      ByteBuffer block = ByteBuffer.allocate(Disk.BLOCK);
      file.read(block, 0);
      return decode(block.flip(), layout.store());
    }
  }

  /**
   * Makes a store of a directory. A crash at any line leaves no STORE, or a whole one.
   *
   * @param layout of a directory that exists
   */
  public void write(Disk disk, StoreLayout layout) throws IOException {
    disk.createDirectories(layout.segments());
    disk.createDirectories(layout.logs());
    disk.syncDirectory(layout.root()); // a STORE that is there must have its directories
    replace(disk, layout);
  }

  /**
   * Writes the STORE file in place of the one that a store has. A crash at any line leaves the one
   * or the other.
   */
  public void replace(Disk disk, StoreLayout layout) throws IOException {
    disk.delete(layout.storeTemporary());
    try (DirectMemory block = DirectMemory.allocate(Disk.BLOCK);
        DiskFile file = disk.create(layout.storeTemporary())) {
      file.write(block.buffer().put(encode()).flip(), 0);
      file.force();
    }
    disk.rename(layout.storeTemporary(), layout.store());
    disk.syncDirectory(layout.root());
  }
}
