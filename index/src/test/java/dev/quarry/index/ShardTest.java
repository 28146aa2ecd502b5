package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShardTest {

  private static final Supersedes NEVER = (existing, sequence) -> false;

  private final ChunkPool pool = new ChunkPool();
  private final Shard shard = new Shard(pool, 0);
  private final Replaced out = new Replaced();

  private void publish(Shard to, int key) {
    assertTrue(
        to.publish(
            Hashes.low(key),
            Hashes.tag(key),
            location(key),
            length(key),
            key,
            key % 3 == 0,
            NEVER,
            out));
  }

  private static long location(int key) {
    return Location.pack(key + 1, key * 8L, key % 5 == 0);
  }

  private static long length(int key) {
    return 0xFFFF_FFFFL - key;
  }

  @Test
  void growthLosesAndDuplicatesNothing() {
    int sizes = 0;
    int slots = 0;
    for (int key = 0; key < 20_000; key++) {
      publish(shard, key);
      if (shard.table().slots() != slots) {
        slots = shard.table().slots();
        sizes++;
        requireExactly(key + 1);
      }
    }
    requireExactly(20_000);
    assertTrue(sizes > 10, "grew only " + sizes + " times");
  }

  private void requireExactly(int keys) {
    ShardCopy copy = new ShardCopy();
    shard.copyTo(copy);
    Set<Long> seen = new HashSet<>();
    copy.forEach(
        200,
        (low, high, location, length, visited) -> {
          int key = Location.segment(location) - 1;
          assertTrue(seen.add(location), "seen twice: key " + key);
          assertEquals(Hashes.low(key), low);
          assertEquals((long) Hashes.tag(key) << 32 | 200, high);
          assertEquals(location(key), location);
          assertEquals(length(key), length);
          assertEquals(key % 3 == 0, visited);
        });
    assertEquals(keys, seen.size());
    assertEquals(keys, shard.entries());
    assertEquals((keys + 4) / 5, shard.tombstones());
    for (int key = 0; key < keys; key++) {
      assertEquals(location(key), shard.get(Hashes.low(key), Hashes.tag(key)));
    }
    assertEquals(Location.NONE, shard.get(Hashes.low(keys), Hashes.tag(keys)));
  }

  @Test
  void displacementFillsATableToItsTargetLoad() {
    Shard large = new Shard(pool, 20_000);
    Table table = large.table();
    int target = table.slots() * 93 / 100;
    for (int key = 0; key < target; key++) {
      publish(large, key);
    }
    assertSame(table, large.table());
    publish(large, target);
    assertNotSame(table, large.table());
  }

  @Test
  void aShardWithRoomForAsManyAsExpectedDoesNotGrow() {
    for (int expected : new int[] {1, 594, 595, 596, 5_000, 5_951}) {
      Shard roomy = new Shard(pool, expected);
      Table table = roomy.table();
      for (int key = 0; key < expected; key++) {
        publish(roomy, key);
      }
      assertSame(table, roomy.table());
    }
  }

  @Test
  void growthUsesTheChunksOfTheTableItReplaces() {
    Shard other = new Shard(pool, 0);
    for (int key = 0; key < 20_000; key++) {
      publish(shard, key);
      publish(other, key);
    }
    long chunksInUse = 2L * shard.table().chunks().length;
    assertEquals(shard.table().chunks().length, other.table().chunks().length);
    long oneShardAndOneSlab = shard.table().chunks().length + 64L;
    assertTrue(
        pool.memoryBytes() <= (chunksInUse + oneShardAndOneSlab + 1) * ChunkPool.CHUNK_BYTES);
  }

  @Test
  void aReaderWithAReplacedTableIsTurnedAway() {
    publish(shard, 1);
    Table before = shard.table();
    for (int key = 2; shard.table() == before; key++) {
      publish(shard, key);
    }
    assertEquals(Table.RETRY, before.get(Hashes.low(1), Hashes.tag(1)));
    assertEquals(Table.RETRY, before.getAndMark(Hashes.low(1), Hashes.tag(1)));
    assertEquals(Table.RETRY, before.get(Hashes.low(99_999), Hashes.tag(99_999)));
    assertNotEquals(Table.RETRY, shard.get(Hashes.low(1), Hashes.tag(1)));
  }

  @Test
  void aShardTakesMemoryForItsFirstEntry() {
    assertEquals(Location.NONE, shard.get(Hashes.low(1), Hashes.tag(1)));
    assertFalse(shard.removeIf(Hashes.low(1), Hashes.tag(1), location(1), out));
    requireExactly(0);
    assertEquals(0, pool.memoryBytes());
    publish(shard, 0);
    requireExactly(1);
    assertEquals(1, shard.table().chunks().length);
  }

  @Test
  void removedEntriesMakeRoomAgain() {
    publish(shard, 0);
    Table table = shard.table();
    for (int key = 1; key < 50_000; key++) {
      publish(shard, key);
      int oldest = key - 500;
      if (oldest >= 0) {
        assertTrue(shard.removeIf(Hashes.low(oldest), Hashes.tag(oldest), location(oldest), out));
      }
    }
    assertSame(table, shard.table());
    assertEquals(500, shard.entries());
  }

  @Test
  void hashesThatShareTwoBucketsAtEverySizeAreRefused() {
    for (int tag = 0; tag < 10; tag++) {
      publishAlike(tag);
    }
    assertThrows(IllegalStateException.class, () -> publishAlike(10));
    assertEquals(10, shard.entries());
    for (int tag = 0; tag < 10; tag++) {
      assertEquals(Location.pack(tag + 1, 0, false), shard.get(lowAlike(tag), tag));
    }
  }

  private void publishAlike(int tag) {
    long location = Location.pack(tag + 1, 0, false);
    shard.publish(lowAlike(tag), tag, location, 1, 1, false, NEVER, out);
  }

  /** A low half which, with this tag, mixes to the same value as for any other tag. */
  private static long lowAlike(int tag) {
    long low = tag * 0x9E37_79B9_7F4A_7C15L;
    assertEquals(0, Table.mix(low, tag));
    return low;
  }
}
