package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.BufferUtil;

/**
 * A piece of zeroed memory outside the heap, which {@link #close} frees. Slabs and staging buffers
 * are closed; the chunks of the index are left to the garbage collector. No other class frees such
 * memory, mappings aside; the bloom filter, whose module does not know this one, allocates its own.
 *
 * <p>Memory that a caller of the store may still hold a buffer over must not be freed, as a buffer
 * that is used too late would end the JVM. {@link #lend} marks it; it then goes when nobody can
 * reach it any more.
 *
 * <p>Safe for use by any number of threads, but for {@link #close}: whoever closes a piece of
 * memory knows that no thread of the store uses it.
 */
public final class DirectMemory implements AutoCloseable {

  /** What {@link ByteBuffer#allocateDirect} gave; a slice of it could not be freed. */
  private final ByteBuffer whole;

  private final ByteBuffer buffer;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean lent;

  private DirectMemory(ByteBuffer whole, int bytes, int alignment) {
    this.whole = whole;
    this.buffer = whole.alignedSlice(alignment).slice(0, bytes);
  }

  /**
   * Allocates memory that begins at a multiple of {@link Disk#BLOCK}.
   *
   * @param bytes a multiple of {@link Disk#BLOCK}, at most 2 GiB less two blocks
   * @throws DirectMemoryError if the JVM has no more; its message says what to do
   */
  public static DirectMemory allocate(int bytes) {
    return allocate(bytes, Disk.BLOCK);
  }

  /**
   * Allocates memory that begins at a multiple of an alignment.
   *
   * @param bytes a multiple of the alignment
   * @param alignment a power of two
   * @throws DirectMemoryError if the JVM has no more; its message says what to do
   */
  public static DirectMemory allocate(int bytes, int alignment) {
    return new DirectMemory(DirectMemoryLimit.allocate(bytes + alignment), bytes, alignment);
  }

  /** Bytes that an allocation counts for against the limit of the JVM: alignment takes a block. */
  public static long taken(long bytes) {
    return bytes + Disk.BLOCK;
  }

  /** The memory, from position 0 to its capacity. Always the same buffer. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** Notes that a caller may hold a buffer over this memory for as long as it likes. */
  public void lend() {
    lent = true;
  }

  /** Frees the memory, unless it was lent: then the garbage collector does. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true) && !lent) {
      BufferUtil.free(whole);
    }
  }
}
