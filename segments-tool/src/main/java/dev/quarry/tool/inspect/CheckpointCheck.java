package dev.quarry.tool.inspect;

import dev.quarry.BlobStoreException;
import dev.quarry.CorruptionException;
import dev.quarry.segment.Checksum;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Verifies the header of a checkpoint, the checksums of its chunks, each of which covers the chunk
 * and the checksum before it, and that the file ends as it was written. What the chunks hold is not
 * looked into.
 */
final class CheckpointCheck {

  private static final int CHUNK = 1 << 20;
  private static final int CHECKSUM_LENGTH = 4;
  private static final int TRAILER_LENGTH = 32;
  private static final long TRAILER_MAGIC = 0x4543_5952_5241_5551L; // "QUARRYCE", little-endian
  private static final int FILE_LENGTH_OFFSET = 16;

  private final StoreFiles store;
  private final Path path;
  private final List<String> findings = new ArrayList<>();
  private long size;

  CheckpointCheck(StoreFiles store, Path path) {
    this.store = store;
    this.path = path;
  }

  /** Bytes of the file. */
  long size() {
    return size;
  }

  /** Verifies the file, and tells what is wrong with it. One that is gone is no finding. */
  List<String> run() {
    try {
      UUID storeId = store.storeId(path, FileHeader.CHECKPOINT_MAGIC);
      try (DiskFile file = store.disk().openForRead(path)) {
        size = file.size();
        check(file, storeId);
      }
    } catch (NoSuchFileException e) {
      size = 0; // replaced by the next one, or removed, since it was found
    } catch (IOException | BlobStoreException e) {
      findings.add(Reason.of(e));
    }
    return findings;
  }

  private void check(DiskFile file, UUID storeId) throws IOException {
    FileHeader header =
        FileHeader.decode(read(file, 0, FileHeader.LENGTH), path, FileHeader.CHECKPOINT_MAGIC);
    if (!header.storeId().equals(storeId)) {
      report(0, "store " + storeId + " was expected, found " + header.storeId());
    }
    if (size % Disk.BLOCK != 0) {
      report(size, "the file ends here, which is not where a checkpoint can end");
    } else {
      checkChunks(file);
      checkTrailer(file);
    }
  }

  private void checkChunks(DiskFile file) throws IOException {
    ByteBuffer previous = ByteBuffer.allocate(CHECKSUM_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < size && findings.isEmpty(); at += CHUNK) {
      ByteBuffer chunk = read(file, at, (int) Math.min(CHUNK, size - at));
      int payload = chunk.limit() - CHECKSUM_LENGTH;
      int found = chunk.getInt(payload);
      int expected = Checksum.of(previous.clear(), chunk.limit(payload));
      if (found != expected) {
        report(
            at + payload,
            String.format(
                "checksum %08x of the bytes from %d on was expected, found %08x",
                expected, at, found));
      }
      previous.putInt(0, found);
    }
  }

  /** A file that was cut between two chunks is found by nothing else. */
  private void checkTrailer(DiskFile file) throws IOException {
    long at = size - TRAILER_LENGTH;
    ByteBuffer trailer = read(file, at, TRAILER_LENGTH);
    if (findings.isEmpty()
        && (trailer.getLong(0) != TRAILER_MAGIC || trailer.getLong(FILE_LENGTH_OFFSET) != size)) {
      report(at, "the trailer of a checkpoint of " + size + " bytes was expected here");
    }
  }

  private ByteBuffer read(DiskFile file, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    file.read(bytes, offset);
    if (bytes.hasRemaining()) {
      throw new CorruptionException(path, offset + bytes.position(), "the file ends here");
    }
    return bytes.flip();
  }

  private void report(long offset, String what) {
    findings.add(path + " at offset " + offset + ": " + what);
  }
}
