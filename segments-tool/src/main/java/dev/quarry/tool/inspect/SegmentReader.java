package dev.quarry.tool.inspect;

import dev.quarry.BlobStoreException;
import dev.quarry.CorruptionException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.tool.inspect.FileReport.Kind;
import dev.quarry.tool.inspect.FileReport.State;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/** Reports on segments: by their footers or, where those are damaged, by what records are found. */
final class SegmentReader {

  private final StoreFiles store;
  private final Disk disk;
  private final Path path;
  private final long id;

  SegmentReader(StoreFiles store, Path path, long id) {
    this.store = store;
    this.disk = store.disk();
    this.path = path;
    this.id = id;
  }

  /** Reports on the segment. Its records are not verified. */
  FileReport read() throws NoSuchFileException {
    long size = 0;
    try {
      size = disk.size(path);
      UUID storeId = store.storeId(path);
      try {
        return byFooter(SegmentFile.open(disk, path, storeId, id, store.hasher()), size, storeId);
      } catch (CorruptionException e) {
        return byRecords(size, RecordFormat.salt(storeId, id), e);
      }
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException | BlobStoreException e) {
      return FileReport.failed(path, id, Kind.SEGMENT, size, e);
    }
  }

  private FileReport byFooter(SegmentFile file, long size, UUID storeId) {
    Survey.Counter counter = new Survey.Counter();
    file.forEachEntry(counter);
    CorruptionException damage = file.damage();
    return new FileReport(
        path,
        id,
        Kind.SEGMENT,
        size,
        RecordFormat.salt(storeId, id),
        file.trailer().recordsEnd(),
        counter.survey(),
        damage == null ? State.OK : State.DAMAGED,
        damage == null ? null : Reason.of(damage) + " (its records prove what it was)");
  }

  private FileReport byRecords(long size, long salt, CorruptionException damage)
      throws IOException {
    if (size < FileHeader.LENGTH) {
      return FileReport.failed(path, id, Kind.SEGMENT, size, damage);
    }
    Survey.Counter counter = new Survey.Counter();
    MappedSegment mapped = MappedSegment.map(disk, path);
    try {
      new SegmentScanner(mapped, salt).forEachRecord(FileHeader.LENGTH, size, counter);
    } finally {
      mapped.retire();
    }
    return new FileReport(
        path,
        id,
        Kind.SEGMENT,
        size,
        salt,
        size,
        counter.survey().replacingNone(),
        State.DAMAGED,
        Reason.of(damage));
  }
}
