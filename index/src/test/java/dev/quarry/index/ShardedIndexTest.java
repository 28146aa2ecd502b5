package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardedIndexTest {

  private static final long LOW = 0x0123_4567_89AB_CDEFL;
  private static final long HIGH = 0xFEDC_BA98_7654_3210L;
  private static final long OLD = Location.pack(7, 4096, false);
  private static final long NEW = Location.pack(8, 64, false);
  private static final long TOMBSTONE = Location.pack(9, 8, true);
  private static final Supersedes ALWAYS = (existing, sequence) -> true;
  private static final Supersedes NEVER = (existing, sequence) -> false;

  private final ShardedIndex index = new ShardedIndex();
  private final Replaced out = new Replaced();

  private boolean publish(long location, long length, Supersedes rule) {
    return index.publish(LOW, HIGH, location, length, 5, false, rule, out);
  }

  @Test
  void anAbsentKeyHasNoLocation() {
    assertEquals(Location.NONE, index.get(LOW, HIGH));
    assertEquals(Location.NONE, index.getAndMark(LOW, HIGH));
    assertEquals(Verdict.ABSENT, index.evictUnlessVisited(LOW, HIGH, OLD, out));
    assertFalse(index.relocate(LOW, HIGH, OLD, NEW));
    assertFalse(index.removeIf(LOW, HIGH, OLD, out));
  }

  @Test
  void aFirstRecordIsPublishedWithoutAskingTheRule() {
    assertTrue(publish(OLD, 100, NEVER));
    assertEquals(OLD, index.get(LOW, HIGH));
    assertEquals(Location.NONE, out.location());
    assertEquals(0, out.length());
  }

  @Test
  void aNewerRecordReplacesAndReportsTheOlder() {
    publish(OLD, ShardedIndex.MAX_LENGTH, ALWAYS);
    assertTrue(publish(NEW, 0, ALWAYS));
    assertEquals(NEW, index.get(LOW, HIGH));
    assertEquals(OLD, out.location());
    assertEquals(ShardedIndex.MAX_LENGTH, out.length());
    assertEquals(1, index.size());
  }

  @Test
  void anOlderRecordLeavesTheNewerAndReportsNothing() {
    publish(OLD, 100, ALWAYS);
    publish(NEW, 200, ALWAYS);
    assertFalse(publish(OLD, 100, NEVER));
    assertEquals(NEW, index.get(LOW, HIGH));
    assertEquals(Location.NONE, out.location());
    assertEquals(0, out.length());
  }

  @Test
  void theRuleIsAskedAboutTheExistingLocationAndTheSequence() {
    List<Long> asked = new ArrayList<>();
    publish(OLD, 100, ALWAYS);
    publish(NEW, 100, (existing, sequence) -> asked.addAll(List.of(existing, sequence)));
    assertEquals(List.of(OLD, 5L), asked);
  }

  @Test
  void aRuleThatThrowsChangesNothing() {
    publish(OLD, 100, ALWAYS);
    Supersedes broken =
        (existing, sequence) -> {
          throw new IllegalStateException("broken");
        };
    assertThrows(IllegalStateException.class, () -> publish(NEW, 200, broken));
    assertEquals(OLD, index.get(LOW, HIGH));
    assertTrue(index.removeIf(LOW, HIGH, OLD, out));
    assertEquals(100, out.length());
  }

  @Test
  void tombstonesAreFoundAndCounted() {
    publish(TOMBSTONE, 40, ALWAYS);
    assertEquals(TOMBSTONE, index.get(LOW, HIGH));
    assertEquals(1, index.size());
    assertEquals(1, index.tombstones());
    publish(NEW, 40, ALWAYS);
    assertEquals(0, index.tombstones());
    publish(TOMBSTONE, 40, ALWAYS);
    assertTrue(index.removeIf(LOW, HIGH, TOMBSTONE, out));
    assertEquals(0, index.tombstones());
    assertEquals(0, index.size());
  }

  @Test
  void onlyTheRecordLookedAtIsRelocated() {
    publish(OLD, 100, ALWAYS);
    assertFalse(index.relocate(LOW, HIGH, NEW, OLD));
    assertEquals(OLD, index.get(LOW, HIGH));
    index.getAndMark(LOW, HIGH);
    assertTrue(index.relocate(LOW, HIGH, OLD, NEW));
    assertEquals(NEW, index.get(LOW, HIGH));
    assertEquals(Verdict.SPARED, index.evictUnlessVisited(LOW, HIGH, NEW, out));
    assertTrue(index.removeIf(LOW, HIGH, NEW, out));
    assertEquals(100, out.length());
  }

  @Test
  void onlyTheRecordExpectedIsRemoved() {
    publish(OLD, 100, ALWAYS);
    assertFalse(index.removeIf(LOW, HIGH, NEW, out));
    assertEquals(Location.NONE, out.location());
    assertTrue(index.removeIf(LOW, HIGH, OLD, out));
    assertEquals(OLD, out.location());
    assertEquals(Location.NONE, index.get(LOW, HIGH));
    assertEquals(0, index.size());
  }

  @Test
  void aVisitedRecordIsSparedOnce() {
    publish(OLD, 100, ALWAYS);
    assertEquals(OLD, index.getAndMark(LOW, HIGH));
    assertEquals(OLD, index.getAndMark(LOW, HIGH));
    assertEquals(Verdict.SPARED, index.evictUnlessVisited(LOW, HIGH, OLD, out));
    assertEquals(Location.NONE, out.location());
    assertEquals(OLD, index.get(LOW, HIGH));
    assertEquals(Verdict.EVICTED, index.evictUnlessVisited(LOW, HIGH, OLD, out));
    assertEquals(OLD, out.location());
    assertEquals(100, out.length());
    assertEquals(Location.NONE, index.get(LOW, HIGH));
    assertEquals(0, index.size());
    assertEquals(Verdict.ABSENT, index.evictUnlessVisited(LOW, HIGH, OLD, out));
    assertEquals(Location.NONE, out.location());
  }

  @Test
  void onlyTheRecordLookedAtIsEvicted() {
    publish(OLD, 100, ALWAYS);
    index.getAndMark(LOW, HIGH);
    assertEquals(Verdict.ABSENT, index.evictUnlessVisited(LOW, HIGH, NEW, out));
    assertEquals(Verdict.SPARED, index.evictUnlessVisited(LOW, HIGH, OLD, out));
    assertEquals(OLD, index.get(LOW, HIGH));
  }

  @Test
  void aRecordThatReplacesAVisitedOneStartsUnvisited() {
    publish(OLD, 100, ALWAYS);
    index.getAndMark(LOW, HIGH);
    publish(NEW, 100, ALWAYS);
    assertEquals(Verdict.EVICTED, index.evictUnlessVisited(LOW, HIGH, NEW, out));
  }

  @Test
  void aRecordMayStartVisited() {
    index.publish(LOW, HIGH, OLD, 1, 1, true, ALWAYS, out);
    assertEquals(Verdict.SPARED, index.evictUnlessVisited(LOW, HIGH, OLD, out));
    index.publish(LOW, HIGH, NEW, 1, 2, true, ALWAYS, out);
    assertEquals(Verdict.SPARED, index.evictUnlessVisited(LOW, HIGH, NEW, out));
  }

  @Test
  void aLookupThatDoesNotMarkSparesNothing() {
    publish(OLD, 100, ALWAYS);
    index.get(LOW, HIGH);
    assertEquals(Verdict.EVICTED, index.evictUnlessVisited(LOW, HIGH, OLD, out));
  }

  @Test
  void aTombstoneIsNotEvicted() {
    publish(TOMBSTONE, 40, ALWAYS);
    assertThrows(
        IllegalArgumentException.class, () -> index.evictUnlessVisited(LOW, HIGH, TOMBSTONE, out));
    assertEquals(TOMBSTONE, index.get(LOW, HIGH));
  }

  @Test
  void aScanGivesAHighHalfThatFindsTheEntryAgain() {
    publish(OLD, ShardedIndex.MAX_LENGTH, ALWAYS);
    index.getAndMark(LOW, HIGH);
    List<String> seen = new ArrayList<>();
    index.forEach(
        (low, high, location, length, visited) -> {
          seen.add(String.format("%x %x %x %x %b", low, high, location, length, visited));
          assertEquals(OLD, index.get(low, high));
        });
    assertEquals(List.of("123456789abcdef fedcba9800000010 700000200 ffffffff true"), seen);
  }

  @Test
  void bitsBeyondThe104AreNotTold() {
    publish(OLD, 100, ALWAYS);
    assertEquals(OLD, index.get(LOW, HIGH ^ 0x0000_0000_FFFF_FF00L));
    assertEquals(Location.NONE, index.get(LOW, HIGH ^ 0x01));
    assertEquals(Location.NONE, index.get(LOW, HIGH ^ 0x1_0000_0000L));
    assertEquals(Location.NONE, index.get(LOW ^ 1, HIGH));
  }

  @Test
  void argumentsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> publish(Location.NONE, 1, ALWAYS));
    assertThrows(IllegalArgumentException.class, () -> publish(-1, 1, ALWAYS));
    assertThrows(IllegalArgumentException.class, () -> publish(OLD, -1, ALWAYS));
    assertThrows(IllegalArgumentException.class, () -> publish(OLD, 1L << 32, ALWAYS));
    assertThrows(
        IllegalArgumentException.class, () -> index.relocate(LOW, HIGH, OLD, Location.NONE));
    assertThrows(IllegalArgumentException.class, () -> index.relocate(LOW, HIGH, OLD, TOMBSTONE));
    assertThrows(IllegalArgumentException.class, () -> new ShardedIndex(-1));
    assertEquals(0, index.size());
  }
}
