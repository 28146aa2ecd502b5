package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.Repair;
import dev.quarry.crash.damage.SmallStores;
import dev.quarry.crash.damage.StoreImage;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;

/** A segment: its ends, its footer, the list of what it replaces, a scan of its records. */
public final class SegmentTarget {

  private static final long ID = 7;
  private static final Path PATH = StoreImage.LAYOUT.segment(ID);

  private final byte[] file;
  private final UUID store;
  private final Disk disk;

  private SegmentTarget(byte[] input) {
    file = HostileFile.segment(input);
    store = HostileFile.is(input, HostileFile.OTHER_STORE) ? new UUID(1, 1) : SmallStores.STORE;
    disk = StoreImage.empty().with(PATH, file).disk();
  }

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    SegmentTarget target = new SegmentTarget(input);
    Bounds.check(target.file.length, target::open);
    Bounds.check(target.file.length, target::openTrailer);
    Bounds.check(target.file.length, target::scan);
  }

  /** Opens a segment that must be a good one. */
  static void requireIntact(byte[] input) throws IOException {
    SegmentTarget target = new SegmentTarget(input);
    if (SegmentFile.open(target.disk, PATH, target.store, ID, SmallStores.HASHER).damage()
        != null) {
      throw new AssertionError("a damaged segment");
    }
  }

  private void open() throws IOException {
    SegmentFile segment = SegmentFile.open(disk, PATH, store, ID, SmallStores.HASHER);
    long end = segment.trailer().recordsEnd();
    segment.forEachEntry(
        (low, high, offset, length, sequence, kind) -> {
          boolean isRecord = kind == RecordFormat.PUT || kind == RecordFormat.TOMBSTONE;
          if (offset < FileHeader.LENGTH
              || offset >= end
              || (isRecord && offset + length > end)
              || end > file.length) {
            throw new AssertionError("an entry leads to " + offset + ", the records end at " + end);
          }
        });
  }

  private void openTrailer() throws IOException {
    Trailer trailer = SegmentFile.openTrailer(disk, PATH, store, ID);
    MappedSegment mapped = MappedSegment.map(disk, PATH);
    try {
      SegmentFile.replaced(mapped, trailer, PATH, RecordFormat.salt(store, ID));
      ByteBuffer head = mapped.head();
      if (Footer.isIntact(head, trailer)) {
        Footer.forEach(
            head,
            trailer,
            (low, high, offset, length, sequence, kind) -> Footer.sequence(head, trailer, offset));
      }
    } finally {
      mapped.retire();
    }
  }

  private void scan() throws IOException {
    if (file.length < FileHeader.LENGTH) {
      return;
    }
    MappedSegment mapped = MappedSegment.map(disk, PATH);
    try {
      SegmentScanner scanner = new SegmentScanner(mapped, Repair.salt(file));
      scanner.scan(FileHeader.LENGTH, file.length);
      scanner.endOfChain(FileHeader.LENGTH, file.length);
      scanner.furthestMark(FileHeader.LENGTH, file.length);
      scanner.forEachRecord(
          FileHeader.LENGTH, file.length, (kind, key, offset, length, sequence) -> {});
    } finally {
      mapped.retire();
    }
  }
}
