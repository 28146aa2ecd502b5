package dev.quarry.index.checkpoint;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * Writes the checkpoint of a store. A crash at any line leaves the one before or the new one,
 * either whole, and maybe a temporary file that the next write, or opening, removes. At most one
 * thread may write at a time.
 */
public final class CheckpointWriter {

  private final Disk disk;
  private final StoreLayout layout;
  private final UUID storeId;
  private final StagingBuffers buffers;

  public CheckpointWriter(Disk disk, StoreLayout layout, UUID storeId, StagingBuffers buffers) {
    this.disk = disk;
    this.layout = layout;
    this.storeId = storeId;
    this.buffers = buffers;
  }

  /**
   * Writes a checkpoint in place of the one before. Whatever is thrown, the one before stays or the
   * new one is there whole, and no temporary file is left unless it cannot be deleted.
   *
   * @param entries an exception of its making ends the write and is thrown on
   * @return bytes of the file
   * @throws IOException if the disk fails; a {@link dev.quarry.segment.DiskFullException} when it
   *     is full
   * @throws IllegalArgumentException if an entry is not one that the index can hold
   */
  public long write(CheckpointHead head, EntrySource entries) throws IOException {
    disk.createDirectories(layout.checkpointDirectory());
    disk.syncDirectory(layout.root());
    disk.delete(layout.checkpointTemporary());
    try {
      long length = writeTemporary(head, entries);
      disk.rename(layout.checkpointTemporary(), layout.checkpoint());
      disk.syncDirectory(layout.checkpointDirectory());
      return length;
    } catch (IOException | RuntimeException | Error e) {
      deleteTemporary(e);
      throw e;
    }
  }

  private void deleteTemporary(Throwable reason) {
    try {
      disk.delete(layout.checkpointTemporary());
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  private long writeTemporary(CheckpointHead head, EntrySource entries) throws IOException {
    DirectMemory staging = buffers.take();
    try (DiskFile file = disk.create(layout.checkpointTemporary())) {
      ChunkWriter out = new ChunkWriter(file, staging.buffer());
      out.put(encode(head));
      out.put(head.blob());
      long count = writeEntries(entries, out);
      long length = out.finish(count);
      file.force();
      return length;
    } finally {
      buffers.giveBack(staging);
    }
  }

  private ByteBuffer encode(CheckpointHead head) {
    int blobLength = head.blob().remaining();
    int covered = head.covered().size();
    int length = Math.toIntExact(CheckpointFormat.entriesStart(covered, 0));
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    new FileHeader(FileHeader.CHECKPOINT_MAGIC, storeId, 0, 0, 0, 0).encode(buffer);
    buffer.putLong(CheckpointFormat.HAND_OFFSET, head.hand());
    buffer.putLong(CheckpointFormat.HIGHEST_SEQUENCE_OFFSET, head.highestSequence());
    buffer.putInt(CheckpointFormat.COVERED_OFFSET, covered);
    buffer.putInt(CheckpointFormat.BLOB_LENGTH_OFFSET, blobLength);
    int at = CheckpointFormat.HEAD_END;
    for (CoveredSegment segment : head.covered()) {
      buffer.putInt(at + CheckpointFormat.COVERED_ID_OFFSET, segment.id());
      buffer.putLong(at + CheckpointFormat.COVERED_FINGERPRINT_OFFSET, segment.fingerprint());
      at += CheckpointFormat.COVERED_LENGTH;
    }
    return buffer;
  }

  private static long writeEntries(EntrySource entries, ChunkWriter out) throws IOException {
    EntryBatch batch = new EntryBatch(out);
    try {
      entries.forEach(batch::add);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return batch.finish();
  }
}
