package dev.quarry;

import static dev.quarry.CompactionFixture.FULL;
import static dev.quarry.CompactionFixture.LAX;
import static dev.quarry.CompactionFixture.LENGTH;
import static dev.quarry.CompactionFixture.assertAbsent;
import static dev.quarry.CompactionFixture.delete;
import static dev.quarry.CompactionFixture.file;
import static dev.quarry.StoreFiles.LAYOUT;
import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Survival;
import dev.quarry.segment.Xxh3KeyHash;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A shadow is kept as long as anything may hold an older record of its key. */
class OlderRecordsTest {

  private static final long FIRST = 10;

  private final SimulatedDisk disk = new SimulatedDisk(1);

  /** A slab that one record is being written to. */
  private Shadows marked(long sequence) {
    StoreLayout layout = new StoreLayout(ROOT);
    FileHeader header = FileHeader.segment(new UUID(1, 2), 3, FIRST);
    Slab slab =
        new Slab(DirectMemory.allocate(TestStores.SEGMENT_BYTES).buffer(), header, memory -> {});
    slab.reserve(100);
    SegmentTable segments = new SegmentTable();
    segments.addAll(List.of(new Segment(slab, layout.segment(3))));
    Shadows shadows = new Shadows();
    shadows.add(1, 2, sequence, 0);
    new OlderRecords(segments, new Graveyard(disk, layout), new Xxh3KeyHash(1))
        .mark(shadows, Set.of());
    return shadows;
  }

  @Test
  void anythingMayBeInARecordThatIsStillBeingWritten() {
    for (long sequence : new long[] {FIRST, FIRST + 5}) {
      Shadows shadows = marked(sequence);
      assertEquals(1, shadows.needed());
      assertTrue(shadows.isProvisional(), "it will be known better");
    }
  }

  @Test
  void nothingOlderIsInASlabThatWasBegunLater() {
    assertEquals(0, marked(FIRST - 1).needed());
  }

  @Test
  void aTombstoneStaysAsLongAsABlobKeepsTheFileOfAnOlderPut() throws Exception {
    try (BlobStore store = StoreFixture.open(disk, LAX)) {
      putAll(store, 0, FULL + 1, LENGTH);
    }
    try (BlobStore store = StoreFixture.open(disk, LAX);
        Blob blob = store.view(key(0))) {
      Path first = file(store, 0);
      delete(store, 0, 1, 2, 3, 4, 5, 6);
      putAll(store, 100, 100 + 2 * FULL, LENGTH);
      Path second = file(store, 100);
      assertTrue(disk.exists(first), "the blob keeps it");
      for (int i = 100; i < 100 + FULL; i++) {
        if (file(store, i).equals(second)) {
          delete(store, i);
        }
      }
      assertEquals(LENGTH, blob.size());
      SimulatedDisk crashed = disk.afterCrash(Survival.ALL, 1);
      assertTrue(crashed.exists(first));
      crashed.delete(LAYOUT.checkpoint());
      try (BlobStore reopened = StoreFixture.open(crashed, LAX)) {
        assertAbsent(reopened, 0, 1, 2, 3, 4, 5, 6);
      }
    }
  }
}
