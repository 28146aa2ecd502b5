package dev.quarry.tool.inspect;

import dev.quarry.BlobStoreException;
import dev.quarry.CorruptionException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.Footer;
import dev.quarry.segment.FooterBuilder;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.SegmentScanner;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Xxh3KeyHash;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The files of a store, found without trusting any of them. */
public final class StoreFiles {

  private final Disk disk;
  private final StoreLayout layout;
  private final @Nullable StoreIdentity identity;
  private final @Nullable String fault;

  /**
   * @throws CommandFailedException if nothing in the directory is of a store
   */
  public StoreFiles(Path directory) throws IOException {
    this(new FileSystemDisk(), directory);
  }

  /** The same on another disk. */
  StoreFiles(Disk disk, Path directory) throws IOException {
    this.disk = disk;
    this.layout = new StoreLayout(directory);
    if (!disk.exists(layout.store())
        && !disk.exists(layout.segments())
        && !disk.exists(layout.logs())) {
      throw new CommandFailedException("there is no store in " + directory);
    }
    StoreIdentity found = null;
    String trouble = null;
    try {
      found = StoreIdentity.read(disk, layout);
    } catch (IOException | BlobStoreException e) {
      trouble = Reason.of(e);
    }
    this.identity = found;
    this.fault = trouble;
  }

  /** The checkpoint, whether there is one or not. */
  Path checkpoint() {
    return layout.checkpoint();
  }

  /** What is wrong with the STORE file; null when nothing is. */
  @Nullable String fault() {
    return fault;
  }

  Disk disk() {
    return disk;
  }

  /** The store that a file should be of: the one that STORE names, else the one it names itself. */
  UUID storeId(Path file) throws IOException {
    return storeId(file, FileHeader.SEGMENT_MAGIC);
  }

  /**
   * The same of a file of some kind.
   *
   * @param magic of the kind
   */
  UUID storeId(Path file, long magic) throws IOException {
    if (identity != null) {
      return identity.storeId();
    }
    try (DiskFile opened = disk.openForRead(file)) {
      ByteBuffer header = ByteBuffer.allocate(FileHeader.LENGTH);
      opened.read(header, 0);
      return FileHeader.decode(header.flip(), file, magic).storeId();
    }
  }

  /**
   * Hands what a file lists, as a footer does, to a consumer: the entries of its footer or, if it
   * has no good one, those of the records that are found. Needs a good STORE file.
   */
  void forEachEntry(FileReport file, Footer.EntryConsumer consumer) throws IOException {
    if (file.kind() == FileReport.Kind.SEGMENT) {
      try {
        SegmentFile.open(disk, file.path(), storeId(file.path()), file.id(), hasher())
            .forEachEntry(consumer);
        return;
      } catch (CorruptionException e) {
        // the report says so
      }
    }
    if (file.recordsEnd() > FileHeader.LENGTH) {
      FooterBuilder footer = new FooterBuilder(hasher());
      MappedSegment mapped = MappedSegment.map(disk, file.path());
      try {
        new SegmentScanner(mapped, file.salt())
            .forEachRecord(FileHeader.LENGTH, Math.min(file.recordsEnd(), mapped.size()), footer);
      } finally {
        mapped.retire();
      }
      footer.forEach(consumer);
    }
  }

  /** Hashes the store's keys; without a STORE file the seed is not known, and 0 stands for it. */
  KeyHash hasher() {
    return new Xxh3KeyHash(identity == null ? 0 : identity.hashSeed());
  }

  /** Reports on every segment, and on every log that has not become one, each by ascending id. */
  List<FileReport> reports() throws IOException {
    List<FileReport> logs = logs(); // first: one that meanwhile becomes a segment is seen as that
    List<FileReport> all = new ArrayList<>();
    for (long id : layout.segmentIds(disk)) {
      try {
        all.add(new SegmentReader(this, layout.segment(id), id).read());
      } catch (NoSuchFileException e) {
        // it has been removed since
      }
    }
    for (FileReport log : logs) {
      if (all.stream().noneMatch(segment -> segment.id() == log.id())) {
        all.add(log);
      }
    }
    return markReplaced(all);
  }

  private static List<FileReport> markReplaced(List<FileReport> reports) {
    Map<Long, Long> replacements = new HashMap<>();
    for (FileReport report : reports) {
      if (report.survey() != null) {
        report.survey().replaced().forEach(id -> replacements.put(id, report.id()));
      }
    }
    return reports.stream()
        .map(
            report -> {
              Long other = replacements.get(report.id());
              return other == null ? report : report.replacedBy(other);
            })
        .toList();
  }

  private List<FileReport> logs() throws IOException {
    List<FileReport> reports = new ArrayList<>();
    List<Long> ids = layout.logIds(disk);
    FileHeader next = null;
    for (int i = ids.size() - 1; i >= 0; i--) {
      LogReader reader = new LogReader(this, layout.log(ids.get(i)), ids.get(i), next);
      try {
        reports.add(0, reader.read());
      } catch (NoSuchFileException e) {
        // it has become a segment since
      }
      next = reader.header();
    }
    return reports;
  }

  /**
   * Reports on one segment or log.
   *
   * @throws CommandFailedException if there is none of that id
   */
  FileReport report(long id) throws IOException {
    return reports().stream()
        .filter(report -> report.id() == id)
        .findFirst()
        .orElseThrow(
            () ->
                new CommandFailedException(
                    "there is no segment or log " + id + " in " + layout.root()));
  }
}
