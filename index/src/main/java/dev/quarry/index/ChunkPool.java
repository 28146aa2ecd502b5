package dev.quarry.index;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Hands out chunks of off-heap memory to the tables of all shards and takes them back.
 *
 * <p>Chunks are carved from larger direct buffers. Memory is never given back to the system: a
 * reader that still searches a table whose chunks went to another shard reads live memory, finds
 * out, and starts again. It goes with the garbage collector once the index is unreachable.
 *
 * <p>Thread-safe.
 */
final class ChunkPool {

  static final int CHUNK_BYTES = 16 * 1024;

  private static final int FIRST_CHUNKS = 4;
  private static final int MOST_CHUNKS_PER_SLAB = 64;

  private final int mostChunksPerSlab;

  /** Of the next slab: a small index takes little, a large one few slabs. */
  @GuardedBy("this")
  private int chunksPerSlab;

  /** A stack: what a rehash has just let go is warm when the next one takes it. */
  @GuardedBy("this")
  private final ArrayList<UnsafeBuffer> free = new ArrayList<>();

  /** In existence. */
  @GuardedBy("this")
  private int chunks;

  @GuardedBy("this")
  private long memoryBytes;

  ChunkPool() {
    this(MOST_CHUNKS_PER_SLAB);
  }

  ChunkPool(int mostChunksPerSlab) {
    this.mostChunksPerSlab = mostChunksPerSlab;
    this.chunksPerSlab = Math.min(FIRST_CHUNKS, mostChunksPerSlab);
  }

  /** The most bytes that a pool has allocated when so many chunks were taken. */
  static long bytesFor(long chunks) {
    long bytes = 0;
    long allocated = 0;
    for (int next = FIRST_CHUNKS; allocated < chunks; ) {
      bytes += next * CHUNK_BYTES + BucketLayout.BUCKET_BYTES;
      allocated += next;
      next = Math.min(2 * next, MOST_CHUNKS_PER_SLAB);
    }
    return bytes;
  }

  /**
   * Takes chunks with every bucket empty.
   *
   * @throws OutOfMemoryError if direct memory is exhausted; then none is taken
   */
  synchronized UnsafeBuffer[] take(int count) {
    while (free.size() < count) {
      allocateSlab();
    }
    UnsafeBuffer[] taken = new UnsafeBuffer[count];
    for (int i = 0; i < count; i++) {
      taken[i] = free.remove(free.size() - 1);
      empty(taken[i]);
    }
    // Nothing a new owner writes may be seen ahead of the versions advanced above.
    VarHandle.releaseFence();
    return taken;
  }

  /** Takes chunks back. Their table must be retired, so that no reader trusts them any more. */
  synchronized void release(UnsafeBuffer[] released) {
    for (UnsafeBuffer chunk : released) {
      free.add(chunk); // there is room
    }
  }

  /** All memory allocated so far, in bytes: chunks in use, chunks that are free, and padding. */
  synchronized long memoryBytes() {
    return memoryBytes;
  }

  @GuardedBy("this")
  private void allocateSlab() {
    int size = chunksPerSlab * CHUNK_BYTES;
    free.ensureCapacity(chunks + chunksPerSlab); // for all there are, so that none gets lost
    ByteBuffer slab = DirectMemory.allocate(size, BucketLayout.BUCKET_BYTES).buffer();
    List<UnsafeBuffer> carved = new ArrayList<>(chunksPerSlab);
    for (int at = size - CHUNK_BYTES; at >= 0; at -= CHUNK_BYTES) {
      carved.add(new UnsafeBuffer(slab, at, CHUNK_BYTES));
    }
    free.addAll(carved);
    chunks += chunksPerSlab;
    memoryBytes += size + BucketLayout.BUCKET_BYTES;
    chunksPerSlab = Math.min(2 * chunksPerSlab, mostChunksPerSlab);
  }

  /**
   * Empties every bucket and advances its version. A version never goes back while its memory
   * lives, so the mark of a reader that saw the chunk's former contents fails.
   */
  private static void empty(UnsafeBuffer chunk) {
    for (int at = 0; at < CHUNK_BYTES; at += BucketLayout.BUCKET_BYTES) {
      int header = at + BucketLayout.HEADER;
      chunk.putLongOrdered(header, BucketLayout.emptied(chunk.getLongVolatile(header)));
    }
  }
}
