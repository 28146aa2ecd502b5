package dev.quarry.index.sieve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SieveTest {

  /** Records are letters; dead ones stay in the log. */
  private static final class Log implements EvictionQueue {

    final StringBuilder records = new StringBuilder();
    final Set<Character> visited = new HashSet<>();
    final Set<Character> dead = new HashSet<>();
    final List<Character> evicted = new ArrayList<>();
    int looks;
    boolean readAllTheTime;
    private int hand = -1;

    @Override
    public boolean next() {
      if (hand + 1 == records.length()) {
        return false;
      }
      hand++;
      return true;
    }

    @Override
    public void toTail() {
      hand = -1;
    }

    @Override
    public Verdict examine() {
      looks++;
      char record = records.charAt(hand);
      if (dead.contains(record)) {
        return Verdict.ABSENT;
      }
      if (visited.contains(record)) {
        if (!readAllTheTime) {
          visited.remove(record);
        }
        return Verdict.SPARED;
      }
      dead.add(record);
      evicted.add(record);
      return Verdict.EVICTED;
    }

    @Override
    public boolean atEnd() {
      for (int i = hand + 1; i < records.length(); i++) {
        if (!dead.contains(records.charAt(i))) {
          return false;
        }
      }
      return true;
    }
  }

  private final Log log = new Log();
  private final Sieve sieve = new Sieve(log);

  private boolean evict(int count) {
    int enough = log.evicted.size() + count;
    return sieve.evictWhile(() -> log.evicted.size() < enough);
  }

  @Test
  void theOldestUnvisitedRecordIsEvictedFirst() {
    log.records.append("abcd");
    log.visited.addAll(List.of('a', 'c'));
    assertTrue(evict(2));
    assertEquals(List.of('b', 'd'), log.evicted);
  }

  @Test
  void theHandGoesOnFromWhereItEvicted() {
    log.records.append("abcd");
    log.visited.add('a');
    evict(1);
    evict(1);
    assertEquals(List.of('b', 'c'), log.evicted);
    assertEquals(3, log.looks);
  }

  @Test
  void theHandReturnsToTheTailAtOnceWhenNoLiveRecordIsLeftBeforeIt() {
    log.records.append("abcd");
    log.visited.add('a');
    log.dead.add('d');
    evict(2);
    assertEquals(List.of('b', 'c'), log.evicted);
    log.records.append("e");
    evict(1);
    assertEquals(List.of('b', 'c', 'a'), log.evicted);
  }

  @Test
  void aVisitedRecordIsEvictedInTheNextLap() {
    log.records.append("ab");
    log.visited.addAll(List.of('a', 'b'));
    assertTrue(evict(1));
    assertEquals(List.of('a'), log.evicted);
  }

  @Test
  void marksSetBehindTheHandOutliveALap() {
    log.records.append("abc");
    log.visited.addAll(List.of('a', 'b', 'c'));
    evict(1);
    log.visited.addAll(List.of('b', 'c'));
    log.records.append("d");
    evict(1);
    assertEquals(List.of('a', 'd'), log.evicted);
  }

  @Test
  void nothingIsLookedAtWhenNothingIsNeeded() {
    log.records.append("ab");
    assertTrue(sieve.evictWhile(() -> false));
    assertEquals(0, log.looks);
  }

  @Test
  void anEmptyQueueIsGivenUp() {
    assertFalse(evict(1));
  }

  @Test
  void aQueueOfDeadRecordsIsGivenUp() {
    log.records.append("ab");
    log.dead.addAll(List.of('a', 'b'));
    assertFalse(evict(1));
  }

  @Test
  void recordsThatAreReadAllTheTimeAreGivenUpAfterTwoWholeLaps() {
    log.records.append("abcd");
    log.visited.add('a');
    log.readAllTheTime = true;
    evict(1);
    log.visited.addAll(List.of('c', 'd'));
    log.looks = 0;
    assertFalse(evict(1));
    assertEquals(2 + 4 + 4, log.looks);
  }

  @Test
  void theNeedIsAskedForBetweenRecordsThatAreSpared() {
    log.records.append("abc");
    log.visited.addAll(List.of('a', 'b', 'c'));
    assertTrue(sieve.evictWhile(() -> log.looks < 2));
    assertEquals(Set.of('c'), log.visited);
    evict(1);
    assertEquals(List.of('a'), log.evicted);
  }
}
