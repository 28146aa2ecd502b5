package dev.quarry.index.checkpoint;

import dev.quarry.CorruptionException;
import dev.quarry.index.EntryConsumer;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.StoreLayout;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint, open for reading. All of it was checked when it was opened, and what is read again
 * for the entries is checked again. Not safe for use by several threads.
 */
public final class Checkpoint implements Closeable {

  private final DiskFile file;
  private final ChunkReader reader;
  private final long fileLength;
  private final CheckpointHead head;
  private final long entriesStart;
  private final long entries;

  private Checkpoint(DiskFile file, UUID storeId) throws IOException {
    this.file = file;
    this.fileLength = file.size();
    checkHeader(storeId);
    this.reader = new ChunkReader(file, fileLength);
    try {
      this.entries = checkTrailer(reader.checkAll());
      this.head = readHead();
      int blobLength = head.blob().remaining();
      this.entriesStart = CheckpointFormat.entriesStart(head.covered().size(), blobLength);
      checkLength();
    } catch (IOException | RuntimeException | Error e) {
      reader.close();
      throw e;
    }
  }

  /**
   * Opens the checkpoint of a store and reads all of it once.
   *
   * @return null if there is none
   * @throws CorruptionException if it is damaged, or another store's
   * @throws dev.quarry.FormatVersionException if another version wrote it
   */
  public static @Nullable Checkpoint open(Disk disk, StoreLayout layout, UUID storeId)
      throws IOException {
    if (!disk.exists(layout.checkpoint())) {
      return null;
    }
    DiskFile file = disk.openForRead(layout.checkpoint());
    try {
      return new Checkpoint(file, storeId);
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private void checkHeader(UUID storeId) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(FileHeader.LENGTH);
    file.read(start, 0);
    FileHeader header = FileHeader.decode(start.flip(), file.path(), FileHeader.CHECKPOINT_MAGIC);
    if (!header.storeId().equals(storeId)) {
      throw damage(0, "a checkpoint of store " + storeId + " was expected, not " + header);
    }
    if (fileLength % Disk.BLOCK != 0) {
      throw damage(fileLength, "a file of whole blocks of " + Disk.BLOCK + " bytes was expected");
    }
  }

  private long checkTrailer(ByteBuffer trailer) {
    long at = fileLength - CheckpointFormat.TRAILER_LENGTH;
    long magic = trailer.getLong(CheckpointFormat.TRAILER_MAGIC_OFFSET);
    if (magic != CheckpointFormat.TRAILER_MAGIC) {
      throw damage(
          at + CheckpointFormat.TRAILER_MAGIC_OFFSET,
          String.format(
              "trailer magic %016x was expected, found %016x",
              CheckpointFormat.TRAILER_MAGIC, magic));
    }
    long length = trailer.getLong(CheckpointFormat.FILE_LENGTH_OFFSET);
    if (length != fileLength) {
      throw damage(at + CheckpointFormat.FILE_LENGTH_OFFSET, "a file of " + length + " bytes");
    }
    long count = trailer.getLong(CheckpointFormat.ENTRIES_OFFSET);
    if (count < 0 || count > fileLength / CheckpointFormat.ENTRY_LENGTH) {
      throw damage(
          at + CheckpointFormat.ENTRIES_OFFSET, count + " entries do not fit into the file");
    }
    return count;
  }

  private CheckpointHead readHead() throws IOException {
    reader.seek(FileHeader.LENGTH);
    ByteBuffer fields = read(CheckpointFormat.HEAD_END - FileHeader.LENGTH);
    long hand = fields.getLong();
    long highestSequence = fields.getLong();
    int covered = fields.getInt();
    int blobLength = fields.getInt();
    if (covered < 0
        || blobLength < 0
        || blobLength > CheckpointHead.MAX_BLOB
        || CheckpointFormat.entriesStart(covered, blobLength) > fileLength) {
      throw damage(
          CheckpointFormat.COVERED_OFFSET,
          covered + " segments and a blob of " + blobLength + " bytes cannot be in the file");
    }
    return new CheckpointHead(
        readCovered(covered), hand, highestSequence, read(blobLength).slice());
  }

  private List<CoveredSegment> readCovered(int count) throws IOException {
    List<CoveredSegment> covered = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ByteBuffer segment = read(CheckpointFormat.COVERED_LENGTH);
      covered.add(
          new CoveredSegment(
              segment.getInt(CheckpointFormat.COVERED_ID_OFFSET),
              segment.getLong(CheckpointFormat.COVERED_FINGERPRINT_OFFSET)));
    }
    return covered;
  }

  private ByteBuffer read(int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    reader.read(buffer);
    return buffer.flip();
  }

  private void checkLength() {
    long end = entriesStart + entries * CheckpointFormat.ENTRY_LENGTH;
    if (CheckpointFormat.fileLength(end) != fileLength) {
      throw damage(fileLength, entries + " entries do not make a file of this length");
    }
  }

  private CorruptionException damage(long offset, String expected) {
    return new CorruptionException(file.path(), offset, expected);
  }

  /** What it says besides its entries. */
  public CheckpointHead head() {
    return head;
  }

  /** Number of entries. */
  public long entries() {
    return entries;
  }

  /**
   * Hands every entry to a consumer, in the order in which they were written.
   *
   * @throws CorruptionException if the file has changed since it was opened; entries from before
   *     the changed place have been handed out then
   */
  public void forEachEntry(EntryConsumer consumer) throws IOException {
    ByteBuffer batch = EntryBatch.allocate();
    int most = batch.capacity() / CheckpointFormat.ENTRY_LENGTH;
    reader.seek(entriesStart);
    for (long left = entries; left > 0; ) {
      int count = (int) Math.min(left, most);
      batch.clear().limit(count * CheckpointFormat.ENTRY_LENGTH);
      reader.read(batch);
      CheckpointFormat.forEach(batch.flip(), consumer);
      left -= count;
    }
  }

  @Override
  public void close() throws IOException {
    reader.close();
    file.close();
  }
}
