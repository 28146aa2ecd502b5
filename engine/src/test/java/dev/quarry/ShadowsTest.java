package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Batch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShadowsTest {

  private final Shadows shadows = new Shadows();

  /** What the batches say that are written: high half of the hash and sequence number of each. */
  private List<String> written(int mostEntries) throws IOException {
    List<String> written = new ArrayList<>();
    shadows.forEachBatch(
        mostEntries,
        entries -> {
          assertTrue(entries.remaining() <= mostEntries * Batch.ENTRY_LENGTH);
          while (entries.hasRemaining()) {
            entries.getLong();
            long high = entries.getLong();
            entries.getLong();
            written.add(high + " at " + entries.getLong());
          }
        });
    return written;
  }

  @Test
  void keysThatShareHalfTheirHashHaveShadowsOfTheirOwn() throws IOException {
    shadows.add(1, 2, 10, 0);
    shadows.add(1, 3, 20, 0);
    shadows.add(1, 4, 30, 0);
    shadows.meet(1, 3, 5);
    assertEquals(List.of("3 at 20"), written(100));
    shadows.meet(1, 2, 5);
    assertEquals(List.of("2 at 10", "3 at 20"), written(100));
  }

  @Test
  void ofAKeyThatDiedTwiceTheHigherNumberCasts() throws IOException {
    shadows.add(1, 2, 10, 0);
    shadows.add(1, 2, 30, 0);
    shadows.add(1, 2, 20, 0);
    assertEquals(30, shadows.highestSequence());
    shadows.meetAnything(0);
    assertEquals(List.of("2 at 30"), written(100));
  }

  /** The shadow of an eviction has the number of the record that was evicted. */
  @Test
  void aShadowHidesWhatHasItsNumberOrALowerOne() {
    shadows.add(1, 2, 10, 0);
    shadows.meet(1, 2, 11);
    shadows.meetAnything(11);
    assertEquals(0, shadows.needed());
    shadows.meet(1, 2, 10);
    assertEquals(1, shadows.needed());
    assertTrue(shadows.areAllNeeded());
  }

  @Test
  void manyGoIntoSeveralBatches() throws IOException {
    for (int i = 0; i < 10; i++) {
      shadows.add(i, i, 100 + i, 0);
    }
    shadows.meetAnything(103);
    assertEquals(7, shadows.needed());
    assertEquals(7, written(3).size());
  }
}
