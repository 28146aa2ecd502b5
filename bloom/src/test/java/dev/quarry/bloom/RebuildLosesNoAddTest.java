package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.bloom.PlantedHolder.Bug;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The ways in which a rebuild can lose an add, each as one fixed interleaving, run against the
 * holder and against copies of it with the bug that makes the difference.
 */
@Timeout(120)
class RebuildLosesNoAddTest {

  private static final long KEY = 4711;
  private static final int CAPACITY = 100;

  private final Set<Long> memtable = ConcurrentHashMap.newKeySet();
  private final Set<Long> index = ConcurrentHashMap.newKeySet();

  private static Object add(Holder filter) {
    return filter.add(Hashes.low(KEY), Hashes.high(KEY));
  }

  private static void confirm(Holder filter, Object token) {
    filter.confirm(token, Hashes.low(KEY), Hashes.high(KEY));
  }

  private static boolean mightContain(Holder filter) {
    return filter.mightContain(Hashes.low(KEY), Hashes.high(KEY));
  }

  private static void scan(Set<Long> keys, HashConsumer consumer) {
    keys.forEach(key -> consumer.accept(Hashes.low(key), Hashes.high(key)));
  }

  /** A rebuild in a thread of its own. */
  private static final class Rebuild {
    private final FutureTask<Boolean> result;
    private final Thread thread;

    Rebuild(Holder filter, KeySource source) {
      result = new FutureTask<>(() -> filter.rebuild(CAPACITY, source));
      thread = new Thread(result, "rebuild");
      thread.start();
    }

    /** Returns when the rebuild waits for adds, is over, or has come to a given point. */
    void awaitHaltOr(BooleanSupplier point) {
      while (!waitsForAdds() && !result.isDone() && !point.getAsBoolean()) {
        Thread.onSpinWait();
      }
    }

    private boolean waitsForAdds() {
      Object blocker = LockSupport.getBlocker(thread);
      return blocker instanceof SwappableBloomFilter || blocker instanceof PlantedHolder;
    }

    void join() throws InterruptedException, ExecutionException {
      assertTrue(result.get());
    }
  }

  /** First way: a writer that read the state before the rebuild, and ends after the swap. */
  private boolean losesAnAddThatReadTheOldFilter(Holder filter) throws Exception {
    index.clear();
    Object token = add(filter);
    Rebuild rebuild = new Rebuild(filter, consumer -> scan(index, consumer));
    rebuild.awaitHaltOr(() -> false);
    index.add(KEY);
    confirm(filter, token);
    rebuild.join();
    return !mightContain(filter);
  }

  @Test
  void anAddThatReadTheOldFilterSurvivesTheSwap() throws Exception {
    assertFalse(losesAnAddThatReadTheOldFilter(Holder.real(CAPACITY)));
    assertFalse(losesAnAddThatReadTheOldFilter(planted(Bug.NONE)));
  }

  @Test
  void withoutTheWaitAnAddThatReadTheOldFilterIsLost() throws Exception {
    assertTrue(losesAnAddThatReadTheOldFilter(planted(Bug.SCAN_DOES_NOT_WAIT)));
  }

  /** Second way: a record on its way, not yet there when the scan passes its place. */
  private boolean losesARecordThatTheScanPassed(Holder filter) throws InterruptedException {
    index.clear();
    Object[] token = new Object[1];
    assertTrue(
        filter.rebuild(
            CAPACITY,
            consumer -> {
              scan(index, consumer);
              token[0] = add(filter);
            }));
    index.add(KEY);
    confirm(filter, token[0]);
    return !mightContain(filter);
  }

  @Test
  void aRecordPublishedAfterTheScanPassedIsKept() throws Exception {
    assertFalse(losesARecordThatTheScanPassed(Holder.real(CAPACITY)));
    assertFalse(losesARecordThatTheScanPassed(planted(Bug.NONE)));
  }

  @Test
  void withoutTheAddToNextARecordPublishedAfterTheScanPassedIsLost() throws Exception {
    assertTrue(losesARecordThatTheScanPassed(planted(Bug.ADDS_SKIP_NEXT)));
    assertTrue(losesARecordThatTheScanPassed(planted(Bug.NEXT_PUBLISHED_AFTER_SCAN)));
  }

  /** As the second way, but the record is published only while the next rebuild runs. */
  private boolean losesARecordThatTwoScansPassed(Holder filter) throws Exception {
    index.clear();
    Object[] token = new Object[1];
    assertTrue(filter.rebuild(CAPACITY, consumer -> token[0] = add(filter)));
    Rebuild second = new Rebuild(filter, consumer -> scan(index, consumer));
    second.awaitHaltOr(() -> false);
    index.add(KEY);
    confirm(filter, token[0]);
    second.join();
    return !mightContain(filter);
  }

  @Test
  void anAddOfOneRebuildSurvivesTheNext() throws Exception {
    assertFalse(losesARecordThatTwoScansPassed(Holder.real(CAPACITY)));
    assertFalse(losesARecordThatTwoScansPassed(planted(Bug.NONE)));
  }

  @Test
  void withoutTheWaitAnAddOfOneRebuildIsLostByTheNext() throws Exception {
    assertTrue(losesARecordThatTwoScansPassed(planted(Bug.SCAN_DOES_NOT_WAIT)));
  }

  /** Third way: the key is in the memtable, and moves to the index while the scan runs. */
  private boolean losesAKeyOfTheMemtable(KeySource source) throws InterruptedException {
    index.clear();
    Holder filter = Holder.real(CAPACITY);
    Object token = add(filter);
    memtable.add(KEY);
    confirm(filter, token);
    assertTrue(filter.rebuild(CAPACITY, source));
    return !mightContain(filter);
  }

  private void moveToIndex() {
    index.addAll(memtable);
    memtable.clear();
  }

  @Test
  void aKeyOfTheMemtableIsKept() throws InterruptedException {
    assertFalse(
        losesAKeyOfTheMemtable(
            consumer -> {
              scan(memtable, consumer);
              moveToIndex();
              scan(index, consumer);
            }));
  }

  @Test
  void withoutTheMemtableOrAfterTheIndexItsKeysAreLost() throws InterruptedException {
    assertTrue(losesAKeyOfTheMemtable(consumer -> scan(index, consumer)));
    assertTrue(
        losesAKeyOfTheMemtable(
            consumer -> {
              scan(index, consumer);
              moveToIndex();
              scan(memtable, consumer);
            }));
  }

  /**
   * A reader looks between the publishing and the confirmation of a key, before and after a swap.
   */
  private boolean hidesAKeyThatAReaderHasSeen(Holder filter) throws Exception {
    index.clear();
    CountDownLatch scanned = new CountDownLatch(1);
    CountDownLatch published = new CountDownLatch(1);
    Object token = add(filter);
    Rebuild rebuild =
        new Rebuild(
            filter,
            consumer -> {
              scan(index, consumer);
              scanned.countDown();
              awaitUninterruptibly(published);
            });
    rebuild.awaitHaltOr(() -> scanned.getCount() == 0);
    index.add(KEY);
    assertTrue(mightContain(filter), "seen before the swap");
    published.countDown();
    rebuild.awaitHaltOr(() -> false);
    boolean hidden = !mightContain(filter);
    confirm(filter, token);
    rebuild.join();
    assertTrue(mightContain(filter), "once confirmed");
    return hidden;
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aKeyThatAReaderHasSeenStaysVisibleThroughTheSwap() throws Exception {
    assertFalse(hidesAKeyThatAReaderHasSeen(Holder.real(CAPACITY)));
    assertFalse(hidesAKeyThatAReaderHasSeen(planted(Bug.NONE)));
  }

  @Test
  void reReadingInsteadOfWaitingLosesNothingButHidesAKeyForAWhile() throws Exception {
    assertFalse(losesAnAddThatReadTheOldFilter(planted(Bug.RE_READ_INSTEAD_OF_WAIT)));
    assertFalse(losesARecordThatTheScanPassed(planted(Bug.RE_READ_INSTEAD_OF_WAIT)));
    assertTrue(hidesAKeyThatAReaderHasSeen(planted(Bug.RE_READ_INSTEAD_OF_WAIT)));
  }

  private static Holder planted(Bug bug) {
    return new PlantedHolder(CAPACITY, bug);
  }
}
