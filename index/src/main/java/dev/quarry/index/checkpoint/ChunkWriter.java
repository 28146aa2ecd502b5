package dev.quarry.index.checkpoint;

import dev.quarry.segment.BlockWriter;
import dev.quarry.segment.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Cuts a stream into checksummed chunks. Not safe for use by several threads. */
final class ChunkWriter {

  private final BlockWriter out;
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer checksum =
      ByteBuffer.allocate(CheckpointFormat.CHECKSUM_LENGTH).order(ByteOrder.LITTLE_ENDIAN);

  /** Bytes of the stream so far. */
  private long written;

  ChunkWriter(DiskFile file, ByteBuffer staging) {
    this.out = new BlockWriter(file, 0, staging);
    crc.update(checksum.duplicate());
  }

  /** Appends all that remains of a buffer, whose position moves to its limit. */
  void put(ByteBuffer bytes) throws IOException {
    int end = bytes.limit();
    while (bytes.hasRemaining()) {
      int inChunk = (int) (written % CheckpointFormat.PAYLOAD);
      int part = Math.min(bytes.remaining(), CheckpointFormat.PAYLOAD - inChunk);
      bytes.limit(bytes.position() + part);
      crc.update(bytes.duplicate());
      out.put(bytes);
      bytes.limit(end);
      written += part;
      if (inChunk + part == CheckpointFormat.PAYLOAD) {
        putChecksum();
      }
    }
  }

  private void putChecksum() throws IOException {
    checksum.putInt(0, (int) crc.getValue());
    out.put(checksum.duplicate());
    crc.reset();
    crc.update(checksum.duplicate());
  }

  /**
   * Appends zeros and the trailer, and writes all of it to the file.
   *
   * @return bytes of the file
   */
  long finish(long entries) throws IOException {
    long fileLength = CheckpointFormat.fileLength(written);
    long trailer = fileLength - CheckpointFormat.TRAILER_LENGTH;
    if (CheckpointFormat.inFile(written) / CheckpointFormat.CHUNK
        < trailer / CheckpointFormat.CHUNK) {
      int inChunk = (int) (written % CheckpointFormat.PAYLOAD);
      put(ByteBuffer.allocate(CheckpointFormat.PAYLOAD - inChunk));
    }
    put(ByteBuffer.allocate((int) (trailer - CheckpointFormat.inFile(written))));
    ByteBuffer last =
        ByteBuffer.allocate(CheckpointFormat.TRAILER_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    CheckpointFormat.putTrailer(last, entries, fileLength);
    last.limit(CheckpointFormat.TRAILER_CHECKSUM_OFFSET);
    crc.update(last.duplicate());
    out.put(last);
    putChecksum();
    out.flush();
    return fileLength;
  }
}
