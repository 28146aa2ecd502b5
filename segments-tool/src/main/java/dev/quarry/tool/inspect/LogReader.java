package dev.quarry.tool.inspect;

import dev.quarry.BlobStoreException;
import dev.quarry.CorruptionException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.tool.inspect.FileReport.Kind;
import dev.quarry.tool.inspect.FileReport.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reports on a log: how far its records are whole, and whether what follows is the torn tail that a
 * crash leaves, or damage to what had been synced. A log that is being written meanwhile may seem
 * to have a torn tail.
 */
final class LogReader {

  private final StoreFiles store;
  private final Disk disk;
  private final Path path;
  private final long id;
  private final @Nullable FileHeader next;
  private @Nullable FileHeader header;

  /**
   * @param next the header of the log after this one, which tells how long this one was; null when
   *     there is none with a record
   */
  LogReader(StoreFiles store, Path path, long id, @Nullable FileHeader next) {
    this.store = store;
    this.disk = store.disk();
    this.path = path;
    this.id = id;
    this.next = next;
  }

  /** The header of the log, once it was read; null when it has no record. */
  @Nullable FileHeader header() {
    return header;
  }

  /** Reports on the log. */
  FileReport read() throws NoSuchFileException {
    long size = 0;
    try {
      size = disk.size(path);
      return size < Disk.BLOCK ? empty(size) : readRecords(store.storeId(path));
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException | BlobStoreException e) {
      return FileReport.failed(path, id, Kind.LOG, size, e);
    }
  }

  /** A log of which a crash left nothing, unless the next one tells that there was something. */
  private FileReport empty(long size) {
    Survey nothing = new Survey.Counter().survey();
    if (next != null && next.previousLogId() == id && next.previousLogEnd() > FileHeader.LENGTH) {
      String damage = missing(FileHeader.LENGTH, next.previousLogEnd()).getMessage();
      return new FileReport(path, id, Kind.LOG, size, 0, 0, nothing, State.DAMAGED, damage);
    }
    return new FileReport(path, id, Kind.LOG, size, 0, 0, nothing, State.OK, "empty");
  }

  private FileReport readRecords(UUID storeId) throws IOException {
    MappedSegment log = MappedSegment.map(disk, path);
    try {
      long salt = RecordFormat.salt(storeId, id);
      SegmentScanner scanner = new SegmentScanner(log, salt);
      long end = scanner.endOfChain(FileHeader.LENGTH, log.size());
      long synced = scanner.furthestMark(end, log.size());
      if (synced > end) {
        end = scanner.endOfChain(end, log.size()); // it may have grown meanwhile
      }
      if (next != null && next.previousLogId() == id) {
        synced = Math.max(synced, next.previousLogEnd());
      }
      header = decodeHeader(log.head().slice(0, FileHeader.LENGTH), storeId, end);
      return synced > end
          ? damaged(scanner, log, salt, end, synced)
          : intact(scanner, log, salt, end);
    } finally {
      log.retire();
    }
  }

  /**
   * A header that is not whole is a torn one if the log has no record, and damaged if it has. One
   * that is whole must be this log's.
   */
  private @Nullable FileHeader decodeHeader(ByteBuffer start, UUID storeId, long end) {
    boolean empty = end == FileHeader.LENGTH;
    try {
      FileHeader.decode(start, path, FileHeader.SEGMENT_MAGIC);
    } catch (CorruptionException e) {
      if (empty) {
        return null;
      }
      throw e;
    }
    FileHeader decoded = FileHeader.decodeSegment(start, path, storeId, id);
    return empty ? null : decoded;
  }

  private FileReport damaged(
      SegmentScanner scanner, MappedSegment log, long salt, long end, long synced) {
    return new FileReport(
        path,
        id,
        Kind.LOG,
        log.size(),
        salt,
        Math.min(synced, log.size()),
        survey(scanner, log.size()),
        State.DAMAGED,
        missing(end, synced).getMessage());
  }

  private CorruptionException missing(long end, long synced) {
    return new CorruptionException(
        path, end, "a whole record was expected here: the log was synced up to " + synced);
  }

  private FileReport intact(SegmentScanner scanner, MappedSegment log, long salt, long end) {
    long tail = endOfBytes(log.head()) - end;
    String note =
        tail <= 0
            ? null
            : "a torn tail of " + tail + " bytes at offset " + end + ", which opening cuts off";
    return new FileReport(
        path, id, Kind.LOG, log.size(), salt, end, survey(scanner, end), State.OK, note);
  }

  private static Survey survey(SegmentScanner scanner, long limit) {
    Survey.Counter counter = new Survey.Counter();
    scanner.forEachRecord(FileHeader.LENGTH, limit, counter);
    return counter.survey();
  }

  /** Where the last byte that is not zero ends. */
  private static int endOfBytes(ByteBuffer bytes) {
    int end = bytes.limit();
    while (end > 0 && bytes.get(end - 1) == 0) {
      end--;
    }
    return end;
  }
}
