package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.index.checkpoint.CheckpointHead;
import dev.quarry.index.checkpoint.CheckpointWriter;
import dev.quarry.index.checkpoint.CoveredSegment;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.index.sieve.GhostImage;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/**
 * Writes the index to disk from time to time, so that the next opening reads no more footers than
 * those of the segments that came since. A checkpoint is never the truth: without it, opening takes
 * longer and finds the same.
 *
 * <p>It covers the segments that are settled and on disk when it begins, and holds every entry that
 * leads to one of them. A record in a covered segment that has no entry was replaced or deleted by
 * a record in a segment that is not covered, whose footer the opening reads, or is gone for good.
 * (In a cache, that record may not reach the disk; its key is then absent.)
 *
 * <p>{@link #changed} is for any thread; all else for one at a time, while nothing is compacted or
 * evicted.
 */
final class Checkpointer {

  /** A checkpoint that is due for its age is worth writing if one in so many keys has changed. */
  private static final int KEYS_PER_CHANGE = 100;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final CheckpointWriter writer;
  private final SegmentTable segments;
  private final Graveyard graveyard;
  private final KeyDirectory directory;
  private final @Nullable Ghost ghost;
  private final @Nullable Eviction eviction;
  private final BlobStoreOptions options;
  private final Counters counters;

  /** Entries that have come or moved since the last checkpoint. */
  private final AtomicLong pending = new AtomicLong();

  private long lastNanos = System.nanoTime();
  private volatile long fileLength;

  /**
   * @param ghost what eviction remembers; null if nothing
   * @param eviction whose hand is noted; null in a durable store
   * @param fileLength of the checkpoint that there is; 0 for none
   */
  Checkpointer(
      CheckpointWriter writer,
      SegmentTable segments,
      Graveyard graveyard,
      KeyDirectory directory,
      @Nullable Ghost ghost,
      @Nullable Eviction eviction,
      BlobStoreOptions options,
      Counters counters,
      long fileLength) {
    this.writer = writer;
    this.segments = segments;
    this.graveyard = graveyard;
    this.directory = directory;
    this.ghost = ghost;
    this.eviction = eviction;
    this.options = options;
    this.counters = counters;
    this.fileLength = fileLength;
  }

  /** Notes that some entries of the index lead to a segment that is new on disk. */
  void changed(long entries) {
    pending.addAndGet(entries);
  }

  /** Bytes of the checkpoint on disk. */
  long fileLength() {
    return fileLength;
  }

  /**
   * Writes a checkpoint if much has changed, or something and the last one is old. Where little has
   * changed of many keys, as when a few are put now and then, the next opening gains less than the
   * checkpoint costs.
   */
  void writeIfDue() throws IOException {
    long changes = pending.get();
    boolean old = System.nanoTime() - lastNanos >= options.checkpointInterval().toNanos();
    boolean worth = changes > 0 && changes >= directory.liveKeys() / KEYS_PER_CHANGE;
    if (changes >= options.checkpointEntries() || (old && worth)) {
      write();
    }
  }

  /** Writes a checkpoint if anything has changed. */
  void write() throws IOException {
    long changes = pending.get();
    if (changes == 0) {
      return;
    }
    List<CoveredSegment> covered = new ArrayList<>();
    IntHashSet ids = new IntHashSet();
    long highestSequence = 0;
    for (Segment segment : filesAccountedFor()) {
      Trailer trailer = Objects.requireNonNull(segment.trailer());
      covered.add(new CoveredSegment(segment.id(), trailer.fingerprint()));
      ids.add(segment.id());
      highestSequence = Math.max(highestSequence, trailer.highestSequence());
    }
    CheckpointHead head =
        new CheckpointHead(
            covered, eviction == null ? 0 : eviction.hand(), highestSequence, ghostImage());
    fileLength =
        writer.write(
            head,
            sink ->
                directory
                    .index()
                    .forEach(
                        (low, high, location, length, visited) -> {
                          if (!Location.isTombstone(location)
                              && ids.contains(Location.segment(location))) {
                            sink.accept(low, high, location, length, visited);
                          }
                        }));
    pending.addAndGet(-changes);
    lastNanos = System.nanoTime();
    counters.checkpoints.increment();
  }

  /** Nothing leads to a buried segment, but a reader or a crash may keep its file. */
  private List<Segment> filesAccountedFor() {
    List<Segment> all = new ArrayList<>(segments.settled());
    all.addAll(graveyard.all());
    return all;
  }

  private ByteBuffer ghostImage() throws IOException {
    GhostImage image = ghost == null ? null : ghost.image();
    if (image == null || image.bytes() > CheckpointHead.MAX_BLOB) {
      return NOTHING;
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) image.bytes());
    image.writeTo(bytes::put);
    return bytes.flip();
  }
}
