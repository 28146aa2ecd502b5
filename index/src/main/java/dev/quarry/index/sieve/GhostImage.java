package dev.quarry.index.sieve;

import dev.quarry.bloom.BlockedBloomFilter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A {@link Ghost} as bytes, by which it survives a restart. All numbers are little-endian:
 *
 * <pre>
 *   bytes  what
 *       4  version of this format, 1
 *       4  number of generations, 0 to 32; for each, the oldest first:
 *       8    sizes of the objects in it, in bytes
 *       8    hashes its filter was made for
 *       8    hashes its filter holds
 *       8    longs of its filter, n
 *     8 n    the filter
 * </pre>
 *
 * <p>There is no checksum in it: the file it is kept in has one. Adds that run while an image is
 * written may or may not be in it. Safe for use by any number of threads.
 */
public final class GhostImage {

  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 2 * Integer.BYTES;
  private static final int GENERATION_HEADER_BYTES = 4 * Long.BYTES;
  private static final int BUFFER_BYTES = 64 * 1024;

  private final List<Generation> generations;

  GhostImage(List<Generation> generations) {
    this.generations = generations;
  }

  /** How many bytes {@link #writeTo} writes. */
  public long bytes() {
    long bytes = HEADER_BYTES;
    for (Generation generation : generations) {
      bytes += GENERATION_HEADER_BYTES + generation.filter.words() * Long.BYTES;
    }
    return bytes;
  }

  /** Writes the image, in pieces of at most 64 KiB. */
  public void writeTo(ByteSink sink) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(VERSION).putInt(generations.size());
    for (Generation generation : generations) {
      makeRoom(buffer, GENERATION_HEADER_BYTES, sink);
      BlockedBloomFilter filter = generation.filter;
      buffer.putLong(generation.bytes()).putLong(filter.capacity());
      buffer.putLong(filter.keysAdded()).putLong(filter.words());
      for (long i = 0; i < filter.words(); i++) {
        makeRoom(buffer, Long.BYTES, sink);
        buffer.putLong(filter.word(i));
      }
    }
    sink.write(buffer.flip());
  }

  private static void makeRoom(ByteBuffer buffer, int bytes, ByteSink sink) throws IOException {
    if (buffer.remaining() < bytes) {
      sink.write(buffer.flip());
      buffer.clear();
    }
  }

  /**
   * Makes a ghost of the remaining bytes of a buffer. It takes no more memory than they do.
   *
   * @param capacity as for {@link Ghost#Ghost}; need not be that of the ghost that was written
   * @param liveKeys as for {@link Ghost#Ghost}
   * @throws IllegalArgumentException if the bytes are not an image, or the capacity is below 1
   * @throws OutOfMemoryError if the JVM's limit of direct memory is reached
   */
  public static Ghost read(ByteBuffer image, long capacity, LongSupplier liveKeys) {
    ByteBuffer bytes = image.slice().order(ByteOrder.LITTLE_ENDIAN);
    require(bytes.remaining() >= HEADER_BYTES, "is cut short", bytes);
    require(bytes.getInt() == VERSION, "has another version", bytes);
    int count = bytes.getInt();
    require(count >= 0 && count <= Ghost.MOST_GENERATIONS, "has a bad count", bytes);
    Generation[] generations = new Generation[count];
    for (int i = 0; i < count; i++) {
      generations[i] = readGeneration(bytes);
    }
    require(!bytes.hasRemaining(), "is too long", bytes);
    return new Ghost(capacity, liveKeys, generations);
  }

  private static Generation readGeneration(ByteBuffer bytes) {
    require(bytes.remaining() >= GENERATION_HEADER_BYTES, "is cut short", bytes);
    long size = bytes.getLong();
    long expectedKeys = bytes.getLong();
    long keysAdded = bytes.getLong();
    long words = bytes.getLong();
    require(size >= 0, "has a negative size", bytes);
    require(words <= bytes.remaining() / Long.BYTES, "is cut short", bytes);
    return new Generation(
        BlockedBloomFilter.ofWords(words, expectedKeys, keysAdded, bytes::getLong), size);
  }

  private static void require(boolean holds, String fault, ByteBuffer bytes) {
    if (!holds) {
      throw new IllegalArgumentException(
          "the image of a ghost " + fault + ", before byte " + bytes.position());
    }
  }
}
