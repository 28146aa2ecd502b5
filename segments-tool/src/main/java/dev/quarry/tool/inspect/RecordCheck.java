package dev.quarry.tool.inspect;

import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.tool.inspect.FileReport.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Verifies every record of a file against its checksums. */
final class RecordCheck {

  private final Disk disk;
  private final FileReport file;
  private final List<String> findings = new ArrayList<>();
  private long records;

  RecordCheck(Disk disk, FileReport file) {
    this.disk = disk;
    this.file = file;
  }

  /** Records that were verified. */
  long records() {
    return records;
  }

  /** Verifies the file, and tells what is wrong with it, each finding with file and offset. */
  List<String> run() throws IOException {
    if (file.state().isFault()) {
      findings.add(String.valueOf(file.note()));
    }
    if (file.recordsEnd() > FileHeader.LENGTH) {
      MappedSegment mapped = MappedSegment.map(disk, file.path());
      try {
        check(new SegmentScanner(mapped, file.salt()), Math.min(file.recordsEnd(), mapped.size()));
      } finally {
        mapped.retire();
      }
    }
    return findings;
  }

  private void check(SegmentScanner scanner, long end) {
    try {
      scan(scanner, end);
      if (findings.isEmpty() && file.kind() == Kind.SEGMENT) {
        compareWithFooter(scanner, end);
      }
    } catch (InternalError e) {
      // A page of a mapping that the file no longer reaches to, or that the medium cannot read.
      findings.add(file.path() + ": cannot be read to its end: " + e.getMessage());
    }
  }

  private void scan(SegmentScanner scanner, long end) {
    scanner.scan(FileHeader.LENGTH, end);
    records = scanner.puts() + scanner.tombstones();
    for (SegmentScanner.Finding finding : scanner.findings()) {
      findings.add(
          file.path()
              + " at offset "
              + finding.offset()
              + ": "
              + finding.what()
              + " ("
              + finding.length()
              + " bytes)");
    }
  }

  private void compareWithFooter(SegmentScanner scanner, long end) {
    Survey.Counter counter = new Survey.Counter();
    scanner.forEachRecord(FileHeader.LENGTH, end, counter);
    Survey found = counter.survey();
    Survey listed = file.survey();
    if (listed != null && !found.equals(listed)) {
      findings.add(
          file.path()
              + " at offset "
              + end
              + ": the footer lists "
              + listed.inWords()
              + ", there are "
              + found.inWords());
    }
  }
}
