package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CompactionPicker.Choice;
import dev.quarry.segment.Disk;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.Trailer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What is compacted next, of segments that exist in name only. */
class CompactionPickerTest {

  private static final int SIZE = TestStores.SEGMENT_BYTES;
  private static final UUID STORE = new UUID(1, 2);

  private final CompactionPicker durable = new CompactionPicker(StoreFixture.DURABLE);
  private final CompactionPicker cache = new CompactionPicker(StoreFixture.CACHE);

  /** Each takes the ten sequence numbers after those before it. */
  private final List<Segment> queue = new ArrayList<>();

  private static final class NoBytes extends SegmentBytes {

    private final long size;

    NoBytes(long size) {
      super(ByteBuffer.allocate(0));
      this.size = size;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    protected void release() {}
  }

  /** Adds a segment to the queue of which some percent are live. */
  private Segment add(int percent) {
    return add(percent, SIZE, 9);
  }

  private Segment add(int percent, int size, int highest) {
    int id = queue.size() + 1;
    long recordsEnd = (long) size - Disk.BLOCK;
    long place = 10L * id;
    Trailer trailer = new Trailer(id, recordsEnd, 1, 0, place, place + highest, size, 0);
    Segment segment = new Segment(trailer, STORE, Path.of("" + id), new NoBytes(size));
    segment.addLive(recordsEnd * percent / 100);
    segment.setSettled();
    queue.add(segment);
    return segment;
  }

  private List<Integer> sparse(CompactionPicker picker) {
    return ids(picker.sparse(queue));
  }

  private static List<Integer> ids(Choice choice) {
    return choice.inputs().stream().map(Segment::id).toList();
  }

  @Test
  void theSparsestIsChosen() {
    add(70);
    add(100);
    add(60);
    add(100);
    add(65);
    add(100);
    assertEquals(List.of(3), sparse(durable));
  }

  @Test
  void sparseNeighboursComeAlongAsLongAsTheirRecordsFitOneSegment() {
    add(100);
    add(20);
    add(24);
    add(21);
    add(50);
    add(100);
    assertEquals(List.of(2, 3, 4), sparse(durable));
  }

  @Test
  void neighboursInFrontComeAlongToo() {
    add(10);
    add(9);
    add(8);
    add(100);
    assertEquals(List.of(1, 2, 3), sparse(durable));
  }

  @Test
  void aSmallNeighbourComesAlongThoughItHasNoGarbage() {
    add(100);
    add(20);
    add(100, SIZE / 6 & -Disk.BLOCK, 9);
    add(20);
    add(100);
    assertEquals(List.of(2, 3, 4), sparse(durable));
  }

  @Test
  void aFullOneInBetweenKeepsSparseOnesApart() {
    add(20);
    add(95);
    add(10);
    add(100);
    assertEquals(List.of(3), sparse(durable));
  }

  @Test
  void numbersThatOverlapAreNotMixed() {
    add(100);
    add(20, SIZE, 15); // its numbers run into those of the next
    add(20);
    add(100);
    assertEquals(List.of(2), sparse(durable));
  }

  @Test
  void aDurableStoreLeavesOutTheSegmentWithTheHighestNumbersUnlessItIsDead() {
    add(100);
    Segment newest = add(1);
    assertTrue(durable.sparse(queue).isNothing());
    assertEquals(List.of(2), sparse(cache));
    assertTrue(durable.dead(queue).isNothing());
    newest.addLive(-newest.liveBytes());
    assertEquals(List.of(2), ids(durable.dead(queue)));
    assertEquals(List.of(2), ids(cache.dead(queue)));
    assertTrue(durable.isNewest(newest, queue));
  }

  @Test
  void whatIsDeadGoesAloneHoweverSparseItsNeighboursAre() {
    add(10);
    add(0);
    add(10);
    add(100);
    assertEquals(List.of(2), ids(durable.dead(queue)));
  }

  @Test
  void aRewriteThatBringsLittleIsNotMadeAndTheReasonSaid() {
    add(84);
    add(100);
    Choice choice = durable.sparse(queue);
    assertTrue(choice.isNothing());
    assertTrue(
        choice.reason().matches("the sparsest segment, 1, is garbage to 10 %, .*"),
        choice.reason());
  }

  @Test
  void whatIsDamagedOrNotSettledIsLeftAlone() {
    add(10).setDamaged();
    Segment unsettled =
        new Segment(
            new Trailer(2, (long) SIZE - Disk.BLOCK, 1, 0, 20, 29, SIZE, 0),
            STORE,
            Path.of("2"),
            new NoBytes(SIZE));
    queue.add(unsettled);
    add(100);
    assertEquals(
        "every segment is too new, or damaged", durable.sparse(queue.subList(0, 2)).reason());
    assertTrue(durable.dead(queue).isNothing());
    assertFalse(durable.isSparse(unsettled));
    unsettled.setSettled();
    assertEquals(List.of(2), sparse(durable));
  }

  @Test
  void shadowsThatMustBeKeptAreNoGarbage() {
    Segment kept = add(0);
    add(100);
    kept.setKeptBytes(SIZE, 1);
    assertTrue(durable.dead(queue).isNothing());
    assertTrue(durable.sparse(queue).isNothing());
  }
}
