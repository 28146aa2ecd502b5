package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.checkpoint.Checkpoint;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.segment.Disk;
import dev.quarry.segment.Footer;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.SegmentFile;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import dev.quarry.wal.LogContents;
import dev.quarry.wal.LogPromotion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
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
 *   <li>Segments that another one replaces are removed.
 *   <li>The entries of the checkpoint are loaded, as far as the segments that it covers are there.
 *   <li>The footers of all other segments are read, and their records published as they once were:
 *       the highest sequence number of each key wins. What they say was evicted is taken out again.
 * </ol>
 *
 * <p>A checkpoint that is missing, damaged or of another version costs time and nothing else.
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
  private final StagingBuffers buffers;
  private final @Nullable Checkpoint checkpoint;
  private final @Nullable Ghost ghost;
  private final Scratch scratch = Scratch.get();

  /** Segments whose records the checkpoint does not account for. */
  private final List<Segment> uncovered = new ArrayList<>();

  /** Those of them that say that records were evicted. */
  private final Set<Segment> withEvictions = new LinkedHashSet<>();

  /** Files that were made good from their records. */
  private final Set<Path> damaged = new HashSet<>();

  private long highestSequence;
  private long highestId;
  private long uncoveredEntries;

  private Recovery(
      Disk disk,
      StoreLayout layout,
      StoreIdentity identity,
      SegmentTable segments,
      KeyDirectory directory,
      StagingBuffers buffers,
      @Nullable Checkpoint checkpoint,
      @Nullable Ghost ghost) {
    this.disk = disk;
    this.layout = layout;
    this.storeId = identity.storeId();
    this.segments = segments;
    this.directory = directory;
    this.buffers = buffers;
    this.checkpoint = checkpoint;
    this.ghost = ghost;
  }

  /**
   * What recovery found.
   *
   * @param nextSequence the first sequence number that is free
   * @param nextId the first segment id that is
   * @param damagedFiles files that were made good from their records
   * @param uncoveredEntries footer entries that were read, as no checkpoint accounts for them
   */
  record Result(long nextSequence, int nextId, int damagedFiles, long uncoveredEntries) {}

  /**
   * Recovers a store.
   *
   * @param segments empty; has every segment afterwards, also when this fails
   * @param directory empty; has every key afterwards
   * @param buffers for what is written
   * @param checkpoint null if there is no good one
   * @param ghost told what was evicted since the checkpoint; null in a durable store
   */
  static Result run(
      Disk disk,
      StoreLayout layout,
      StoreIdentity identity,
      SegmentTable segments,
      KeyDirectory directory,
      StagingBuffers buffers,
      @Nullable Checkpoint checkpoint,
      @Nullable Ghost ghost)
      throws IOException {
    return new Recovery(disk, layout, identity, segments, directory, buffers, checkpoint, ghost)
        .run();
  }

  private Result run() throws IOException {
    for (Path temporary : layout.temporaries(disk)) {
      disk.delete(temporary);
    }
    promoteLogs(readLogs());
    disk.syncDirectory(layout.segments()); // what is served from now on must be there to stay
    openSegments();
    loadCheckpoint();
    uncovered.sort(Comparator.comparingLong(Segment::place).thenComparingInt(Segment::id));
    for (Segment segment : uncovered) {
      publish(segment);
    }
    for (Segment segment : withEvictions) {
      evict(segment);
    }
    directory.forgetAllTombstones();
    directory.rebuildBloomIfNeeded();
    return new Result(
        highestSequence + 1, Math.toIntExact(highestId + 1), damaged.size(), uncoveredEntries);
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
        LogPromotion.promote(disk, layout, log, directory.hasher(), buffers);
      }
    }
    disk.syncDirectory(layout.logs());
  }

  // ---- segments ----

  private void openSegments() throws IOException {
    List<Segment> opened = new ArrayList<>();
    try {
      openSegments(opened);
    } finally {
      segments.addAll(opened); // who fails retires what is in the table
    }
  }

  private void openSegments(List<Segment> opened) throws IOException {
    Map<Integer, Long> covered = new HashMap<>();
    if (checkpoint != null) {
      checkpoint.head().covered().forEach(each -> covered.put(each.id(), each.fingerprint()));
    }
    Set<Long> replaced = new HashSet<>();
    List<Path> garbage = new ArrayList<>();
    List<Long> ids = new ArrayList<>(layout.segmentIds(disk));
    Collections.reverse(ids); // what replaces a segment is younger
    for (long id : ids) {
      Path path = layout.segment(id);
      noteId(id, path);
      if (replaced.contains(id)) {
        garbage.add(path);
        continue;
      }
      Trailer trailer = readTrailer(id, path);
      highestSequence = Math.max(highestSequence, trailer.highestSequence());
      Segment segment = new Segment(trailer, storeId, path, MappedSegment.map(disk, path));
      segment.setSettled();
      opened.add(segment);
      replaced.addAll(replacedBy(segment, trailer));
      Long fingerprint = covered.get(segment.id());
      if (fingerprint == null) {
        uncovered.add(segment);
      } else if (fingerprint != trailer.fingerprint()) {
        throw anotherThanCovered(path);
      }
    }
    remove(garbage);
  }

  /**
   * A segment made good from its records is read anew. What others that are covered hold of its
   * keys, a tombstone above all, is in no checkpoint, so that they must be read anew as well.
   */
  private static CheckpointFile.LostException anotherThanCovered(Path path) {
    return new CheckpointFile.LostException(
        new CorruptionException(path, 0, "the file is not the one that the checkpoint covers"));
  }

  /** The trailer alone if it is good; else the file is looked at more closely. */
  private Trailer readTrailer(long id, Path path) throws IOException {
    try {
      return SegmentFile.openTrailer(disk, path, storeId, id);
    } catch (CorruptionException e) {
      return open(id, path).trailer();
    }
  }

  private SegmentFile open(long id, Path path) throws IOException {
    SegmentFile file = SegmentFile.open(disk, path, storeId, id, directory.hasher());
    if (file.damage() != null && damaged.add(path)) {
      LOG.warn("made good from its records: {}", file.damage().getMessage());
    }
    return file;
  }

  private List<Long> replacedBy(Segment segment, Trailer trailer) throws IOException {
    SegmentBytes bytes = Objects.requireNonNull(segment.pin());
    try {
      return SegmentFile.replaced(bytes, trailer, segment.path(), segment.salt());
    } catch (CorruptionException e) {
      List<Long> ids = new ArrayList<>();
      open(segment.id(), segment.path())
          .forEachEntry(
              (low, high, offset, length, sequence, kind) -> {
                if (kind == Footer.REPLACED) {
                  ids.add(low);
                }
              });
      return ids;
    } finally {
      bytes.unpin();
    }
  }

  /** What compaction replaced was still there when the store was last open, or a crash saved it. */
  private void remove(List<Path> replaced) throws IOException {
    for (Path path : replaced) {
      disk.delete(path);
    }
    if (!replaced.isEmpty()) {
      disk.syncDirectory(layout.segments());
    }
  }

  // ---- entries ----

  private void loadCheckpoint() throws IOException {
    if (checkpoint == null) {
      return;
    }
    Set<Integer> read = new HashSet<>();
    uncovered.forEach(segment -> read.add(segment.id()));
    highestSequence = Math.max(highestSequence, checkpoint.head().highestSequence());
    try {
      checkpoint.forEachEntry(
          (low, high, location, length, visited) -> {
            Segment segment = segments.get(Location.segment(location));
            if (segment != null && !read.contains(segment.id())) {
              directory.load(low, high, location, length, visited, segment);
            }
          });
    } catch (IOException | BlobStoreException e) {
      throw new CheckpointFile.LostException(e);
    }
  }

  private void publish(Segment segment) throws IOException {
    SegmentFile file = open(segment.id(), segment.path());
    uncoveredEntries += file.trailer().entries();
    file.forEachEntry(
        (low, high, offset, length, sequence, kind) -> {
          if (kind == RecordFormat.PUT || kind == RecordFormat.TOMBSTONE) {
            scratch.hash[0] = low;
            scratch.hash[1] = high;
            directory.publish(scratch, segment, offset, length, sequence, kind);
          } else if (kind == Footer.EVICTED) {
            withEvictions.add(segment);
          }
        });
  }

  /** An eviction takes out the record it names, and older ones; a newer one stays. */
  private void evict(Segment segment) throws IOException {
    open(segment.id(), segment.path())
        .forEachEntry(
            (low, high, offset, length, sequence, kind) -> {
              if (kind == Footer.EVICTED) {
                directory.forgetUpTo(low, high, sequence);
                if (ghost != null && length > 0) {
                  ghost.add(low, high, length);
                }
              }
            });
  }

  private void noteId(long id, Path path) {
    if (id < 1 || id >= Integer.MAX_VALUE) {
      throw new CorruptionException(path, 0, "no segment has the id in this name");
    }
    highestId = Math.max(highestId, id);
  }
}
