package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.segment.Batch;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.Lack;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.SegmentWriter;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites what is live of neighbouring segments into one, which takes their place in the queue.
 *
 * <ol>
 *   <li><em>Plan</em>: the footers of the inputs tell what is live and what casts a shadow that is
 *       still needed ({@link Shadows}). Inputs that hold neither need no output.
 *   <li><em>Write</em>: a list of the inputs, the live records in their order, the shadows. The
 *       file is synced, renamed, and the directory synced. From here on a restart knows the inputs
 *       for replaced, whichever of their files are left.
 *   <li><em>Move</em>: each index entry that still points at the place that was copied is pointed
 *       at the copy. A record that was overwritten, deleted or evicted meanwhile is not: its copy
 *       is dead.
 *   <li><em>Bury</em>: the inputs leave the table; their files go when no reader needs them.
 * </ol>
 *
 * <p>A record that is live in the plan is copied even if it dies meanwhile: in a cache the record
 * that it died of may not be on disk yet. One that was dead then, of a record that is not on disk,
 * leaves a shadow if it hides an older one. In a durable store, what a record died of is on disk.
 *
 * <p>A crash before the rename leaves a temporary file, which the next opening removes. Only
 * footers and lists of places are ever in the heap. Runs on one thread at a time.
 */
final class Compactor {

  /** The part of the segments that must go before kept shadows are looked at again. */
  private static final int PATIENCE_PART = 8;

  /** What a move takes up in the list of moves: hash, from, to, length. */
  private static final int MOVE_LONGS = 5;

  private final UUID storeId;
  private final Disk disk;
  private final StoreLayout layout;
  private final long longest;
  private final boolean cache;
  private final SegmentTable segments;
  private final KeyDirectory directory;
  private final KeyOrder keyOrder;
  private final OlderRecords olderRecords;
  private final Graveyard graveyard;
  private final IntSupplier nextId;
  private final Consumer<Segment> added;
  private final RateLimiter limiter;
  private final Counters counters;
  private final StagingBuffers buffers;

  /** The id of an abandoned output, whose file may still exist; 0 if there is none. */
  private int unwanted;

  /**
   * @param longest bytes of an output beyond which fewer inputs are taken
   * @param cache whether what records died of may not be on disk
   * @param nextId gives ids for new segments
   * @param added told of every new segment
   */
  Compactor(
      UUID storeId,
      Disk disk,
      StoreLayout layout,
      StagingBuffers buffers,
      long longest,
      boolean cache,
      SegmentTable segments,
      KeyDirectory directory,
      KeyOrder keyOrder,
      Graveyard graveyard,
      IntSupplier nextId,
      Consumer<Segment> added,
      RateLimiter limiter,
      Counters counters) {
    this.storeId = storeId;
    this.disk = disk;
    this.layout = layout;
    this.buffers = buffers;
    this.longest = longest;
    this.cache = cache;
    this.segments = segments;
    this.directory = directory;
    this.keyOrder = keyOrder;
    this.graveyard = graveyard;
    this.olderRecords = new OlderRecords(segments, graveyard, directory.hasher());
    this.nextId = nextId;
    this.added = added;
    this.limiter = limiter;
    this.counters = counters;
  }

  /** A segment that is being compacted, pinned. */
  private record Input(Segment segment, SegmentBytes bytes) {

    /** Pins a segment and adds it to a list, both or neither; returns false if it is gone. */
    static boolean pin(Segment segment, List<Input> pinned) {
      SegmentBytes bytes = segment.pin();
      if (bytes == null) {
        return false;
      }
      try {
        pinned.add(new Input(segment, bytes));
        return true;
      } catch (OutOfMemoryError e) {
        bytes.unpin();
        throw e;
      }
    }
  }

  /** What a compaction did. */
  enum Outcome {
    /** Nothing: it was not worth it, or an input was found damaged, which is noted in it. */
    NOTHING,
    /** The inputs are gone, and no dead put with them. */
    REWRITTEN,
    /** Dead puts are gone, which shadows elsewhere may have been kept for. */
    RECLAIMED
  }

  /**
   * Compacts segments that are mapped and settled.
   *
   * @param inputs neighbours in the queue, in its order
   * @param leastGain the share of the inputs' bytes below which what is gained is not worth the
   *     effort; any gain is if this is 0
   * @param last whether only the inputs say which sequence numbers are used up, so that there must
   *     be an output
   * @throws IOException if the output cannot be written; nothing has changed
   */
  Outcome compact(List<Segment> inputs, double leastGain, boolean last) throws IOException {
    List<Input> pinned = new ArrayList<>();
    try {
      for (Segment segment : inputs) {
        if (!Input.pin(segment, pinned)) {
          return Outcome.NOTHING; // the store is being closed
        }
      }
      return compactPinned(inputs, pinned, leastGain, last);
    } catch (InternalError e) {
      Lack.rethrow(e);
      inputs.forEach(Segment::setDamaged); // one of the files was cut short
      return Outcome.NOTHING;
    } finally {
      for (Input input : pinned) {
        input.bytes.unpin();
      }
    }
  }

  /** Ends all limits of rate, as the store is being closed. */
  void hurry() {
    limiter.stop();
  }

  private Outcome compactPinned(
      List<Segment> inputs, List<Input> pinned, double leastGain, boolean last) throws IOException {
    tidy();
    CompactionPlan plan = plan(pinned, new HashSet<>(inputs));
    if (plan == null) {
      return Outcome.NOTHING;
    }
    boolean needsOutput = last || !plan.isEmpty() || !canGoWithoutTrace(inputs, plan);
    if (needsOutput) {
      long bytes = inputs.stream().mapToLong(Segment::size).sum();
      long length = plan.fileLength(inputs.size() + graveyard.all().size());
      if (length > longest && inputs.size() > 1) {
        return compact(inputs.subList(0, inputs.size() / 2), leastGain, last);
      }
      if (bytes - length < Math.max(1, leastGain * bytes)) {
        keep(inputs, plan);
        return Outcome.NOTHING;
      }
      write(inputs, pinned, plan);
    }
    graveyard.bury(inputs); // before they leave the table, so that their files always count
    try {
      segments.removeAll(inputs);
    } catch (OutOfMemoryError e) {
      graveyard.exhume(inputs);
      throw e;
    }
    try {
      pinned.forEach(input -> keyOrder.forget(input.segment, input.bytes));
    } finally {
      for (Segment input : inputs) { // without a lambda, whose linking takes memory
        input.retire();
      }
    }
    counters.compactedSegments.add(inputs.size());
    return plan.deadPuts > 0 ? Outcome.RECLAIMED : Outcome.REWRITTEN;
  }

  /**
   * Whether the files may go one by one, and nothing need say that they did. Not so with several,
   * one of which may hide what another holds; nor if a file is still there that an input says was
   * replaced.
   */
  private boolean canGoWithoutTrace(List<Segment> inputs, CompactionPlan plan) {
    return inputs.size() == 1
        && graveyard.all().stream().noneMatch(buried -> plan.replaced.contains(buried.id()));
  }

  /** What there is turned out to be needed: it is no garbage until more is known. */
  private void keep(List<Segment> inputs, CompactionPlan plan) {
    inputs.forEach(segment -> segment.setKeptBytes(segment.size(), patience(plan)));
  }

  /** A look at all older footers is worth it when a good part of them may have gone. */
  private int patience(CompactionPlan plan) {
    return plan.isEmpty() || plan.shadows.isProvisional()
        ? 1
        : 1 + segments.all().size() / PATIENCE_PART;
  }

  // ---- plan ----

  private @Nullable CompactionPlan plan(List<Input> inputs, Set<Segment> together) {
    CompactionPlan plan = new CompactionPlan();
    for (int i = 0; i < inputs.size(); i++) {
      Input input = inputs.get(i);
      int number = i;
      if (!input.segment.isFooterIntact(input.bytes)) {
        input.segment.setDamaged();
        return null;
      }
      input.segment.forEachEntry(
          input.bytes,
          directory.hasher(),
          (low, high, offset, length, sequence, kind) -> {
            if (kind == RecordFormat.PUT && isLive(input, low, high, offset)) {
              plan.addLive(number, low, high, offset, length);
              if (!input.segment.isIntact(input.bytes, offset, length)) {
                input.segment.setDamaged();
              }
            } else if (kind == Footer.REPLACED) {
              plan.replaced.add((int) low);
            } else {
              castShadow(plan, low, high, length, sequence, kind);
            }
          });
      if (input.segment.isDamaged()) {
        return null;
      }
    }
    olderRecords.mark(plan.shadows, together);
    return plan;
  }

  private boolean isLive(Input input, long low, long high, long offset) {
    return directory.index().get(low, high) == Location.pack(input.segment.id(), offset, false);
  }

  private void castShadow(
      CompactionPlan plan, long low, long high, long length, long sequence, byte kind) {
    switch (kind) {
      case RecordFormat.TOMBSTONE -> plan.shadows.add(low, high, sequence, 0);
      case RecordFormat.EVICTIONS -> plan.shadows.add(low, high, sequence, length);
      case RecordFormat.PUT -> {
        plan.deadPuts++;
        if (cache && !directory.isReplacedOnDisk(low, high)) {
          plan.shadows.add(low, high, sequence, length);
        }
      }
      default -> throw new IllegalStateException("a footer has no entries of kind " + kind);
    }
  }

  // ---- write, move ----

  private void write(List<Segment> inputs, List<Input> pinned, CompactionPlan plan)
      throws IOException {
    int id = nextId.getAsInt();
    Path temporary = layout.segmentTemporary(id);
    LongArrayList moves = new LongArrayList();
    Segment output;
    MappedSegment mapped = null;
    unwanted = id;
    try {
      Trailer trailer = writeFile(id, temporary, inputs, pinned, plan, moves);
      disk.rename(temporary, layout.segment(id));
      disk.syncDirectory(layout.segments());
      mapped = MappedSegment.map(disk, layout.segment(id));
      output = new Segment(trailer, storeId, layout.segment(id), mapped);
      output.setKeptBytes((long) plan.shadows.needed() * Batch.ENTRY_LENGTH, patience(plan));
      output.setSettled();
      segments.addAll(List.of(output));
    } catch (IOException | InternalError | OutOfMemoryError e) {
      if (mapped != null) {
        mapped.retire();
      }
      takeBack(e);
      throw e;
    }
    unwanted = 0;
    move(moves, output);
    added.accept(output);
    counters.compactionRead.add(plan.liveBytes);
    counters.compactionWritten.add(Objects.requireNonNull(output.trailer()).fileLength());
  }

  private Trailer writeFile(
      int id,
      Path temporary,
      List<Segment> inputs,
      List<Input> pinned,
      CompactionPlan plan,
      LongArrayList moves)
      throws IOException {
    long place = inputs.get(0).place();
    FileHeader header = FileHeader.segment(storeId, id, place);
    disk.delete(temporary);
    try (SegmentWriter writer =
        new SegmentWriter(disk, temporary, header, directory.hasher(), buffers)) {
      writer.batch(RecordFormat.REPLACES, place, replaced(inputs));
      copy(pinned, plan, writer, id, moves);
      plan.shadows.forEachBatch(
          CompactionPlan.MOST_BATCH_ENTRIES,
          entries -> writer.batch(RecordFormat.EVICTIONS, place, entries));
      return writer.finish(highestSequence(inputs));
    }
  }

  /**
   * The list of the inputs, and of all that are buried: one of those may be known for replaced by
   * an input alone.
   */
  private ByteBuffer replaced(List<Segment> inputs) {
    List<Segment> all = new ArrayList<>(inputs);
    all.addAll(graveyard.all());
    ByteBuffer entries = Batch.allocate(all.size());
    all.forEach(segment -> Batch.putReplaced(entries, segment.id()));
    return entries.flip();
  }

  private static long highestSequence(List<Segment> inputs) {
    long highest = 0;
    for (Segment segment : inputs) {
      highest = Math.max(highest, Objects.requireNonNull(segment.trailer()).highestSequence());
    }
    return highest;
  }

  private void copy(
      List<Input> inputs, CompactionPlan plan, SegmentWriter writer, int id, LongArrayList moves)
      throws IOException {
    LongArrayList live = plan.live;
    for (int i = 0; i < live.size(); i += CompactionPlan.LONGS) {
      Input input = inputs.get((int) live.getLong(i));
      long low = live.getLong(i + 1);
      long high = live.getLong(i + 2);
      long offset = live.getLong(i + 3);
      final long start = writer.position();
      long copy = writer.copy(input.bytes, offset, low, high);
      moves.addLong(low);
      moves.addLong(high);
      moves.addLong(Location.pack(input.segment.id(), offset, false));
      moves.addLong(Location.pack(id, copy, false));
      moves.addLong(RecordFormat.length(input.bytes.head(), (int) offset));
      limiter.take(writer.position() - start);
    }
  }

  private void move(LongArrayList moves, Segment output) {
    for (int i = 0; i < moves.size(); i += MOVE_LONGS) {
      long from = moves.getLong(i + 2);
      Segment input = Objects.requireNonNull(segments.get(Location.segment(from)));
      directory.relocate(
          moves.getLong(i),
          moves.getLong(i + 1),
          from,
          moves.getLong(i + 3),
          moves.getLong(i + 4),
          input,
          output);
    }
  }

  /** Removes what an attempt left; {@link #tidy} does if that cannot be done now. */
  private void takeBack(Throwable failure) throws IOException {
    try {
      tidy();
    } catch (IOException | OutOfMemoryError e) {
      if (!Lack.is(e)) {
        e.addSuppressed(failure);
        throw new IOException("a compaction cannot be taken back: " + e.getMessage(), e);
      }
    }
  }

  /**
   * Removes the output of an attempt that failed for a lack. A crash could bring it back, together
   * with records deleted since. No compaction and no checkpoint may run before it is gone.
   *
   * @throws IOException if it cannot be removed; it is final, or to be tried again after a lack
   */
  void tidy() throws IOException {
    if (unwanted != 0) {
      disk.delete(layout.segmentTemporary(unwanted));
      disk.delete(layout.segment(unwanted));
      disk.syncDirectory(layout.segments());
      unwanted = 0;
    }
  }
}
