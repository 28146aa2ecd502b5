package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import dev.quarry.wal.LogContents;
import dev.quarry.wal.LogPromotion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one start path: what opening does after a crash and after a clean close alike.
 *
 * <ol>
 *   <li>Temporary files, of segments that never came to be, are removed.
 *   <li>Every log is read up to its torn tail. Damage to what had been synced stops the opening,
 *       with nothing changed.
 *   <li>Logs that hold records become segments; the others are removed.
 *   <li>Every segment's footer is read, and its records are published as they once were: the
 *       highest sequence number of each key wins.
 * </ol>
 *
 * <p>Each step may be cut short by a crash at any point and is then taken again: a log is promoted
 * from the records it holds, which promotion does not touch.
 */
final class Recovery {

  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final Disk disk;
  private final StoreLayout layout;
  private final UUID storeId;
  private final SegmentTable segments;
  private final KeyDirectory directory;
  private final Scratch scratch = Scratch.get();
  private long highestSequence;
  private long highestId;
  private int damaged;

  private Recovery(
      Disk disk,
      StoreLayout layout,
      StoreIdentity identity,
      SegmentTable segments,
      KeyDirectory directory) {
    this.disk = disk;
    this.layout = layout;
    this.storeId = identity.storeId();
    this.segments = segments;
    this.directory = directory;
  }

  /**
   * What recovery found.
   *
   * @param nextSequence the first sequence number that is free
   * @param nextId the first segment id that is
   * @param damagedFiles files that were made good from their records
   */
  record Result(long nextSequence, int nextId, int damagedFiles) {}

  /**
   * Recovers a store.
   *
   * @param segments empty; has every segment afterwards, also when this fails
   * @param directory empty; has every key afterwards
   */
  static Result run(
      Disk disk,
      StoreLayout layout,
      StoreIdentity identity,
      SegmentTable segments,
      KeyDirectory directory)
      throws IOException {
    return new Recovery(disk, layout, identity, segments, directory).run();
  }

  private Result run() throws IOException {
    for (Path temporary : layout.temporaries(disk)) {
      disk.delete(temporary);
    }
    promoteLogs(readLogs());
    disk.syncDirectory(layout.segments()); // what is served from now on must be there to stay
    for (long id : layout.segmentIds(disk)) {
      load(id);
    }
    directory.forgetAllTombstones();
    directory.rebuildBloomIfNeeded();
    return new Result(highestSequence + 1, Math.toIntExact(highestId + 1), damaged);
  }

  private List<LogContents> readLogs() throws IOException {
    List<LogContents> logs = new ArrayList<>();
    for (long id : layout.logIds(disk)) {
      noteId(id, layout.log(id));
      if (disk.exists(layout.segment(id))) {
        disk.delete(layout.log(id)); // the former name of a log that was renamed
      } else {
        logs.add(LogContents.read(disk, layout.log(id), storeId, id));
      }
    }
    for (int i = 1; i < logs.size(); i++) {
      logs.get(i - 1).checkReaches(logs.get(i));
    }
    return logs;
  }

  private void promoteLogs(List<LogContents> logs) throws IOException {
    for (LogContents log : logs) {
      if (log.isEmpty()) {
        disk.delete(log.path());
      } else {
        LogPromotion.promote(disk, layout, log, directory.hasher());
      }
    }
    disk.syncDirectory(layout.logs());
  }

  private void load(long id) throws IOException {
    Path path = layout.segment(id);
    noteId(id, path);
    SegmentFile file = SegmentFile.open(disk, path, storeId, id, directory.hasher());
    if (file.damage() != null) {
      damaged++;
      LOG.warn("made good from its records: {}", file.damage().getMessage());
    }
    Trailer trailer = file.trailer();
    Segment segment = new Segment(trailer, storeId, path, MappedSegment.map(disk, path));
    segments.addAll(List.of(segment));
    highestSequence = Math.max(highestSequence, trailer.highestSequence());
    file.forEachEntry(
        (low, high, offset, length, sequence, kind) -> {
          scratch.hash[0] = low;
          scratch.hash[1] = high;
          directory.publish(scratch, segment, offset, length, sequence, kind);
        });
  }

  private void noteId(long id, Path path) {
    if (id < 1 || id >= Integer.MAX_VALUE) {
      throw new CorruptionException(path, 0, "no segment has the id in this name");
    }
    highestId = Math.max(highestId, id);
  }
}
