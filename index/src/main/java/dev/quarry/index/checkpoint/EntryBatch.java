package dev.quarry.index.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Gathers entries, so that the stream is not fed with every one of them alone. */
final class EntryBatch {

  /** Few enough to stay in the nearest cache. */
  private static final int ENTRIES = 1024;

  private final ChunkWriter out;
  private final ByteBuffer batch = allocate();
  private long count;

  EntryBatch(ChunkWriter out) {
    this.out = out;
  }

  /** A buffer of as many entries as are worth handling together. */
  static ByteBuffer allocate() {
    return ByteBuffer.allocate(ENTRIES * CheckpointFormat.ENTRY_LENGTH)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Appends one entry; an {@link IOException} is wrapped. */
  void add(long low, long high, long location, long length, boolean visited) {
    if (!batch.hasRemaining()) {
      try {
        flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    CheckpointFormat.putEntry(batch, low, high, location, length, visited);
    count++;
  }

  private void flush() throws IOException {
    out.put(batch.flip());
    batch.clear();
  }

  /** Writes what is left, and gives the number of entries. */
  long finish() throws IOException {
    flush();
    return count;
  }
}
