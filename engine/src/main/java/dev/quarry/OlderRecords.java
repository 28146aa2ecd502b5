package dev.quarry;

import dev.quarry.segment.FileHeader;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Slab;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Finds out which {@link Shadows} hide a record of their key, so that exactly these are kept.
 *
 * <p>It looks at every segment whose file is there, those about to be deleted included, and whose
 * sequence numbers do not begin above a shadow's. Their footers tell, or the records of a slab;
 * where one is damaged or still being written, anything is taken to be there. Safe for use by any
 * number of threads.
 */
final class OlderRecords {

  private final SegmentTable segments;
  private final Graveyard graveyard;
  private final KeyHash hasher;

  OlderRecords(SegmentTable segments, Graveyard graveyard, KeyHash hasher) {
    this.segments = segments;
    this.graveyard = graveyard;
    this.hasher = hasher;
  }

  /**
   * Marks the shadows that are needed.
   *
   * @param inputs segments that are about to go together, whatever a crash does
   */
  void mark(Shadows shadows, Set<Segment> inputs) {
    List<Segment> others = new ArrayList<>(segments.all());
    others.addAll(graveyard.all());
    for (Segment other : others) {
      if (shadows.areAllNeeded()) {
        return;
      }
      if (!inputs.contains(other) && other.place() <= shadows.highestSequence()) {
        meet(shadows, other);
      }
    }
  }

  /** What is put into a slab from now on is newer than any shadow. */
  private void meet(Shadows shadows, Slab slab) {
    int end = slab.end();
    if (slab.completedPrefix(FileHeader.LENGTH) < end) {
      shadows.meetAnything(slab.header().firstSequence()); // someone is still writing
      shadows.setProvisional();
      return;
    }
    long[] hash = new long[2];
    slab.forEachRecord(
        end,
        (kind, key, offset, length, sequence) -> {
          if (kind == RecordFormat.PUT) {
            hasher.hash(key, hash);
            shadows.meet(hash[0], hash[1], sequence);
          }
        });
  }

  private void meet(Shadows shadows, Segment other) {
    SegmentBytes bytes = other.pinBeside();
    if (bytes == null) {
      shadows.meetAnything(other.place());
      shadows.setProvisional(); // nobody holds on to it, so the file goes soon
      return;
    }
    try {
      if (other.trailer() == null) {
        meet(shadows, (Slab) bytes);
        return;
      }
      if (!other.isFooterIntact(bytes)) {
        shadows.meetAnything(other.place());
        return;
      }
      other.forEachEntry(
          bytes,
          hasher,
          (low, high, offset, length, sequence, kind) -> {
            if (kind == RecordFormat.PUT) {
              shadows.meet(low, high, sequence);
            }
          });
    } catch (InternalError e) {
      shadows.meetAnything(other.place()); // the file was cut short
    } finally {
      bytes.unpin();
    }
  }
}
