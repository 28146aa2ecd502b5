package dev.quarry.wal;

import dev.quarry.CorruptionException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentScanner;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is good of a log file that was found when a store was opened: its records from the start on,
 * up to a torn tail, which is what a crash leaves of a write that had not been synced.
 *
 * <p>Damage to what had been synced is not a torn tail. Two things tell them apart: the commit
 * marks behind the break, which say how far the log was durable when they were written; and the
 * header of the log that follows, which was written to only when this one was durable to its end
 * ({@link #checkReaches}).
 *
 * @param path the file
 * @param header of the log; one that says nothing was written when the log is empty
 * @param end where the good records end; {@link FileHeader#LENGTH} when there is none
 */
public record LogContents(Path path, FileHeader header, long end) {

  /**
   * Reads a log.
   *
   * @throws CorruptionException if something that had been synced is not what was written
   * @throws dev.quarry.FormatVersionException if another version wrote it
   */
  public static LogContents read(Disk disk, Path path, UUID storeId, long id) throws IOException {
    long size = disk.size(path);
    if (size < Disk.BLOCK) {
      return empty(path, storeId, id);
    }
    MappedSegment mapped = MappedSegment.map(disk, path);
    try {
      ByteBuffer head = mapped.head().slice(0, FileHeader.LENGTH);
      CorruptionException tear = headerDamage(head, path);
      long end = endOfRecords(mapped, path, size, RecordFormat.salt(storeId, id));
      if (tear == null) { // whole, so it must be this log's
        return new LogContents(path, FileHeader.decodeSegment(head, path, storeId, id), end);
      }
      if (end > FileHeader.LENGTH) {
        throw tear;
      }
      return empty(path, storeId, id);
    } finally {
      mapped.retire();
    }
  }

  /**
   * Why the header is not whole: it is a torn one if the log has no record, and damaged if it has.
   * Null when it is whole; of another version's log no more may be looked at than that.
   */
  private static @Nullable CorruptionException headerDamage(ByteBuffer head, Path path) {
    try {
      FileHeader.decode(head, path, FileHeader.SEGMENT_MAGIC);
      return null;
    } catch (CorruptionException e) {
      return e;
    }
  }

  private static long endOfRecords(MappedSegment mapped, Path path, long size, long salt) {
    SegmentScanner scanner = new SegmentScanner(mapped, salt);
    long end = scanner.endOfChain(FileHeader.LENGTH, size);
    long durable = scanner.furthestMark(end, size);
    if (durable > end) {
      throw new CorruptionException(
          path, end, "a whole record was expected here: the log was synced up to " + durable);
    }
    return end;
  }

  private static LogContents empty(Path path, UUID storeId, long id) {
    return new LogContents(path, FileHeader.segment(storeId, id, 0), FileHeader.LENGTH);
  }

  /** Whether the log holds no record. */
  public boolean isEmpty() {
    return end == FileHeader.LENGTH;
  }

  /**
   * Checks that this log is as long as the one after it says.
   *
   * @param next the log that followed this one
   * @throws CorruptionException if this log is shorter than the next one's header says
   */
  public void checkReaches(LogContents next) {
    boolean follows = next.header.previousLogId() == header.segmentId();
    if (follows && end < next.header.previousLogEnd()) {
      throw new CorruptionException(
          path,
          end,
          "a whole record was expected here: the log was synced up to "
              + next.header.previousLogEnd()
              + ", as "
              + next.path
              + " tells");
    }
  }
}
