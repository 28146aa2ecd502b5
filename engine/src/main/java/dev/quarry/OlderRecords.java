package dev.quarry;

import dev.quarry.segment.KeyHash;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Trailer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Finds out which {@link Shadows} hide a record of their key, so that exactly these are kept.
 *
 * <p>It looks at every segment whose file is there, those about to be deleted included, and whose
 * sequence numbers do not begin above a shadow's. Their footers tell; where one is damaged or there
 * is none yet, anything is taken to be there. Safe for use by any number of threads.
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

  private void meet(Shadows shadows, Segment other) {
    Trailer trailer = other.trailer();
    SegmentBytes bytes = trailer == null ? null : other.pin();
    if (bytes == null) {
      shadows.meetAnything(other.place());
      return;
    }
    try {
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
