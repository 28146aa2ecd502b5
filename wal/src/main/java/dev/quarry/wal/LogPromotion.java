package dev.quarry.wal;

import dev.quarry.segment.BlockWriter;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FooterBuilder;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.RecordVisitor;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;

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
   * Promotes the log of a slab, all of whose records are durable in it.
   *
   * @param file the log's file, which is closed here, unless the disk is full
   * @param durable up to where the file equals the slab
   * @param trailer from the slab's {@link Slab#finish}
   * @throws dev.quarry.segment.DiskFullException if there is no room; it may be tried again
   */
  public static void promote(
      Disk disk, StoreLayout layout, Slab slab, DiskFile file, int durable, Trailer trailer)
      throws IOException {
    file.write(slab.blocks(durable, (int) trailer.fileLength()), durable & -Disk.BLOCK);
    file.force();
    file.close();
    rename(disk, layout, slab.id());
  }

  /** Promotes a log found at recovery, cutting off its torn tail. */
  public static void promote(Disk disk, StoreLayout layout, LogContents log, KeyHash hasher)
      throws IOException {
    FileHeader header = log.header();
    long salt = RecordFormat.salt(header.storeId(), header.segmentId());
    MappedSegment mapped = MappedSegment.map(disk, log.path());
    try (DiskFile file = disk.open(log.path())) {
      FooterBuilder footer = new FooterBuilder(hasher);
      RecordVisitor.walk(mapped, FileHeader.LENGTH, log.end(), footer);
      Trailer trailer =
          footer.trailer(
              header, log.end(), Math.max(header.firstSequence(), footer.highestSequence()));
      int lastBlock = (int) log.end() & -Disk.BLOCK;
      BlockWriter out = new BlockWriter(file, lastBlock);
      out.put(mapped.head().slice(lastBlock, (int) log.end() - lastBlock));
      footer.write(out, trailer, salt);
      if (file.size() > trailer.fileLength()) {
        file.truncate(trailer.fileLength());
      }
      file.force();
    } finally {
      mapped.retire();
    }
    rename(disk, layout, header.segmentId());
  }

  private static void rename(Disk disk, StoreLayout layout, long id) throws IOException {
    disk.rename(layout.log(id), layout.segment(id));
    disk.syncDirectory(layout.segments());
    disk.syncDirectory(layout.logs());
  }
}
