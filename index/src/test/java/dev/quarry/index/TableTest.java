package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TableTest {

  private static final int TAG = -9;
  private static final long LOCATION = Location.pack(3, 80, false);

  private final ChunkPool pool = new ChunkPool(4);
  private final Table table = new Table(pool.take(3));
  private final TableWriter writer = new TableWriter(table);

  private static long insert(TableWriter writer, long low) {
    assertTrue(writer.insert(low, TAG, LOCATION, 5, false));
    return low;
  }

  private int firstBucket(long low) {
    return table.firstBucket(Table.mix(low, TAG));
  }

  private int secondBucket(long low) {
    return table.secondBucket(Table.mix(low, TAG), firstBucket(low));
  }

  @Test
  void theLayoutFillsTwoCacheLines() {
    assertEquals(128, BucketLayout.BUCKET_BYTES);
    assertEquals(0, BucketLayout.LOCATIONS % Long.BYTES);
    assertTrue(BucketLayout.LOCATIONS <= 64, "a miss must read one cache line");
  }

  @Property
  void theTwoBucketsDifferAndLieInTheTable(
      @ForAll long low, @ForAll int tag, @ForAll @IntRange(min = 1, max = 4) int chunks) {
    Table any = new Table(new ChunkPool(1).take(chunks));
    long mix = Table.mix(low, tag);
    int first = any.firstBucket(mix);
    int second = any.secondBucket(mix, first);
    assertTrue(first >= 0 && first < any.buckets());
    assertTrue(second >= 0 && second < any.buckets());
    assertNotEquals(first, second);
  }

  @Test
  void entriesOfOneBucketThatDifferInTheTagAloneAreToldApart() {
    long low = insert(writer, 76);
    int tag = TAG + 1;
    while (table.firstBucket(Table.mix(low, tag)) != firstBucket(low)) {
      tag++;
    }
    assertEquals(Location.NONE, table.get(low, tag));
    assertTrue(writer.insert(low, tag, LOCATION + 1, 5, false));
    assertEquals(LOCATION, table.get(low, TAG));
    assertEquals(LOCATION + 1, table.get(low, tag));
  }

  @Test
  void aBucketBeingWrittenTurnsReadersAway() {
    long low = insert(writer, 77);
    long header = table.beginWrite(firstBucket(low));
    assertEquals(Table.RETRY, table.get(low, TAG));
    assertEquals(Table.RETRY, table.getAndMark(low, TAG));
    table.endWrite(firstBucket(low), header);
    assertEquals(LOCATION, table.get(low, TAG));
  }

  @Test
  void aMissNeedsBothBucketsAtRest() {
    long absent = 78;
    for (int bucket : new int[] {firstBucket(absent), secondBucket(absent)}) {
      long header = table.beginWrite(bucket);
      assertEquals(Table.RETRY, table.get(absent, TAG));
      table.endWrite(bucket, header);
      assertEquals(Location.NONE, table.get(absent, TAG));
    }
  }

  @Test
  void aRetiredTableIsNotTrusted() {
    long low = insert(writer, 79);
    table.retire();
    assertEquals(Table.RETRY, table.get(low, TAG));
    assertEquals(Table.RETRY, table.getAndMark(low, TAG));
    assertEquals(Table.RETRY, table.get(80, TAG));
  }

  @Test
  void theHeaderOfAFormerTenantMarksNothing() {
    long low = insert(writer, 81);
    int bucket = firstBucket(low);
    long before = table.header(bucket);
    pool.release(table.chunks());
    Table next = new Table(pool.take(3));
    insert(new TableWriter(next), low);
    for (int i = 0; i < next.buckets(); i++) {
      assertFalse(next.compareAndSetHeader(i, before, before | 1L << 8));
    }
  }

  @Test
  void everyChangeOfABucketChangesItsVersion() {
    long low = insert(writer, 82);
    int place = writer.find(low, TAG);
    long header = table.header(firstBucket(low));
    Runnable[] changes = {
      () -> writer.replace(place, LOCATION, 5, false),
      () -> writer.relocate(place, LOCATION),
      () -> writer.remove(place),
      () -> insert(writer, low)
    };
    for (Runnable change : changes) {
      change.run();
      assertFalse(BucketLayout.sameVersion(header, table.header(firstBucket(low))));
      header = table.header(firstBucket(low));
      assertFalse(BucketLayout.isBeingWritten(header));
    }
  }

  @Test
  void aMarkLeavesTheVersionAlone() {
    long low = insert(writer, 83);
    long header = table.header(firstBucket(low));
    table.getAndMark(low, TAG);
    assertNotEquals(header, table.header(firstBucket(low)));
    assertTrue(BucketLayout.sameVersion(header, table.header(firstBucket(low))));
  }
}
