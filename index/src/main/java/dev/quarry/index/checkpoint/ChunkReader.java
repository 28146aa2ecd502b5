package dev.quarry.index.checkpoint;

import dev.quarry.CorruptionException;
import dev.quarry.segment.Checksum;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads the stream of a checkpoint from any place on, and checks every chunk before it gives a byte
 * of it. Not safe for use by several threads.
 */
final class ChunkReader implements AutoCloseable {

  private final DiskFile file;
  private final long fileLength;
  private final DirectMemory memory;
  private final ByteBuffer chunk;
  private final ByteBuffer previous =
      ByteBuffer.allocate(CheckpointFormat.CHECKSUM_LENGTH).order(ByteOrder.LITTLE_ENDIAN);

  /** Where the chunk that comes after the one in the buffer begins. */
  private long next;

  /**
   * @param fileLength bytes of the file, a multiple of {@link dev.quarry.segment.Disk#BLOCK}
   */
  ChunkReader(DiskFile file, long fileLength) {
    this.file = file;
    this.fileLength = fileLength;
    int bytes = (int) Math.min(CheckpointFormat.CHUNK, fileLength);
    this.memory = DirectMemory.allocate(bytes);
    this.chunk = memory.buffer().order(ByteOrder.LITTLE_ENDIAN);
    chunk.limit(0);
  }

  /**
   * Checks all chunks from the first to the last.
   *
   * @return the trailer, little-endian; to be used before any other method is called
   */
  ByteBuffer checkAll() throws IOException {
    seek(0);
    while (next < fileLength) {
      load();
    }
    int end = chunk.limit() + CheckpointFormat.CHECKSUM_LENGTH;
    return chunk
        .duplicate()
        .limit(end)
        .position(end - CheckpointFormat.TRAILER_LENGTH)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Goes to a place in the stream. */
  void seek(long inStream) throws IOException {
    next = inStream / CheckpointFormat.PAYLOAD * CheckpointFormat.CHUNK;
    previous.clear().putInt(0, 0);
    if (next > 0) {
      fill(previous, next - CheckpointFormat.CHECKSUM_LENGTH);
    }
    chunk.limit(0);
    int inChunk = (int) (inStream % CheckpointFormat.PAYLOAD);
    if (inChunk > 0) {
      load();
      chunk.position(inChunk);
    }
  }

  /** Fills what remains of a buffer. */
  void read(ByteBuffer destination) throws IOException {
    while (destination.hasRemaining()) {
      if (!chunk.hasRemaining()) {
        load();
      }
      int part = Math.min(destination.remaining(), chunk.remaining());
      destination.put(destination.position(), chunk, chunk.position(), part);
      destination.position(destination.position() + part);
      chunk.position(chunk.position() + part);
    }
  }

  /** Moves the remainder of a chunk into the buffer, without its checksum. */
  private void load() throws IOException {
    long start = next;
    if (start >= fileLength) {
      throw new CorruptionException(file.path(), start, "the file is cut short here");
    }
    chunk.clear().limit((int) Math.min(CheckpointFormat.CHUNK, fileLength - start));
    fill(chunk, start);
    int payload = chunk.flip().limit() - CheckpointFormat.CHECKSUM_LENGTH;
    int found = chunk.getInt(payload);
    chunk.limit(payload);
    int expected = Checksum.of(previous.clear(), chunk.duplicate());
    if (found != expected) {
      throw new CorruptionException(
          file.path(),
          start + payload,
          String.format(
              "checksum %08x of the bytes from %d on was expected, found %08x",
              expected, start, found));
    }
    previous.putInt(0, found);
    next = start + payload + CheckpointFormat.CHECKSUM_LENGTH;
  }

  private void fill(ByteBuffer destination, long position) throws IOException {
    file.read(destination, position);
    if (destination.hasRemaining()) {
      throw new CorruptionException(
          file.path(), position + destination.position(), "the file is cut short here");
    }
  }

  /** Frees the buffer; nothing may be read any more. */
  @Override
  public void close() {
    memory.close();
  }
}
