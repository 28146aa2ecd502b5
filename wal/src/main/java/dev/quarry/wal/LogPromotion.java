package dev.quarry.wal;

import dev.quarry.segment.BlockWriter;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FooterBuilder;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.RecordVisitor;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Makes a segment of a log: the footer goes behind the records, and the file is renamed. The
 * records are not written again.
 *
 * <p>A crash before the rename leaves the log, whose records end where the footer begins; recovery
 * then promotes it once more. A crash after it, but before the directories are synced, leaves the
 * log or the segment or both names of one file; the segment goes first.
 */
public final class LogPromotion {

  private LogPromotion() {}

  /**
   * Completes the log of a slab, all of whose records are durable in it, to the segment file;
   * {@link #rename} is to follow, with the file closed.
   *
   * @param durable up to where the file equals the slab
   * @param trailer from the slab's {@link Slab#finish}
   */
  public static void complete(Slab slab, DiskFile file, int durable, Trailer trailer)
      throws IOException {
    Uninterrupted.run(
        () -> {
          file.write(slab.blocks(durable, (int) trailer.fileLength()), durable & -Disk.BLOCK);
          file.force();
        });
  }

  /** Promotes a log found at recovery, cutting off its torn tail. */
  public static void promote(
      Disk disk, StoreLayout layout, LogContents log, KeyHash hasher, StagingBuffers buffers)
      throws IOException {
    FileHeader header = log.header();
    FooterBuilder footer = new FooterBuilder(hasher);
    ByteBuffer lastBlock = read(disk, log, footer);
    Trailer trailer =
        footer.trailer(
            header, log.end(), Math.max(header.firstSequence(), footer.highestSequence()));
    DirectMemory staging = buffers.take();
    try (DiskFile file = disk.open(log.path())) {
      Uninterrupted.run(
          () -> write(file, staging.buffer().clear(), log, lastBlock.duplicate(), footer, trailer));
    } finally {
      buffers.giveBack(staging);
    }
    rename(disk, layout, header.segmentId());
  }

  private static void write(
      DiskFile file,
      ByteBuffer staging,
      LogContents log,
      ByteBuffer lastBlock,
      FooterBuilder footer,
      Trailer trailer)
      throws IOException {
    FileHeader header = log.header();
    BlockWriter out = new BlockWriter(file, log.end() - lastBlock.remaining(), staging);
    out.put(lastBlock);
    footer.write(out, trailer, RecordFormat.salt(header.storeId(), header.segmentId()));
    file.truncate(trailer.fileLength());
    file.force();
  }

  /** Hands the records to a footer; returns what the block that they end in holds of them. */
  private static ByteBuffer read(Disk disk, LogContents log, FooterBuilder footer)
      throws IOException {
    MappedSegment mapped = MappedSegment.map(disk, log.path());
    try {
      RecordVisitor.walk(mapped, FileHeader.LENGTH, log.end(), footer);
      byte[] lastBlock = new byte[(int) (log.end() % Disk.BLOCK)];
      mapped.copyTo(lastBlock, log.end() - lastBlock.length);
      return ByteBuffer.wrap(lastBlock);
    } finally {
      mapped.retire();
    }
  }

  /** Makes a complete log a segment, durably. May be called again after it failed. */
  public static void rename(Disk disk, StoreLayout layout, long id) throws IOException {
    if (disk.exists(layout.log(id))) {
      disk.rename(layout.log(id), layout.segment(id));
    }
    disk.syncDirectory(layout.segments());
    disk.syncDirectory(layout.logs());
  }
}
