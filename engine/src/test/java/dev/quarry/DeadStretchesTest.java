package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What cursors may leave out, and what they may not. */
class DeadStretchesTest {

  private final DeadStretches stretches = new DeadStretches();

  private static byte[] key(int number) {
    return new byte[] {(byte) number};
  }

  private static byte[] behind(int number) {
    return new byte[] {(byte) number, 0};
  }

  /** A cursor finds that such keys are dead, and the one behind them is not. */
  private void walk(DeadStretches.Walk walk, int from, int to) {
    for (int i = from; i < to; i++) {
      walk.passedDead(key(i));
    }
    walk.passed(key(to));
  }

  private void prove(int from, int to) {
    try (DeadStretches.Walk walk = stretches.begin(key(from))) {
      walk(walk, from, to);
    }
  }

  private byte @Nullable [] skip(int from) {
    try (DeadStretches.Walk walk = stretches.begin(key(from))) {
      return walk.skip(key(from));
    }
  }

  @Test
  void whatOneCursorFoundDeadTheNextLeavesOut() {
    prove(10, 20);
    assertNull(skip(9));
    for (int i = 10; i < 20; i++) {
      assertArrayEquals(behind(19), skip(i));
    }
    assertNull(skip(20));
  }

  /** What was deleted there before may be slow to step over, though it is no key any more. */
  @Test
  void aStretchBeginsWhereTheCursorDid() {
    try (DeadStretches.Walk walk = stretches.begin(key(1))) {
      walk(walk, 10, 20);
      walk(walk, 30, 40);
    }
    assertArrayEquals(behind(19), skip(1));
    assertNull(skip(0));
    assertNull(skip(25), "it begins behind a key with a value");
    assertArrayEquals(behind(39), skip(30));
  }

  @Test
  void aFewDeadKeysAreNotRemembered() {
    prove(10, 13);
    assertNull(skip(10));
  }

  @Test
  void aStretchGrowsByOneKeyAtATime() {
    prove(10, 20);
    for (int next = 20; next < 100; next++) {
      try (DeadStretches.Walk walk = stretches.begin(null)) {
        assertArrayEquals(behind(next - 1), walk.skip(key(10)));
        walk.passedDead(key(next));
        walk.passed(key(next + 1));
      }
    }
    assertArrayEquals(behind(99), skip(10));
  }

  @Test
  void aKeyThatIsPutAgainIsCutOutAndNothingElse() {
    prove(10, 30);
    stretches.cut(key(20));
    assertArrayEquals(key(20), skip(10));
    assertNull(skip(20));
    assertArrayEquals(behind(29), skip(21));
  }

  @Test
  void cuttingOutTheFirstAndTheLastKeyLeavesTheRest() {
    prove(10, 30);
    stretches.cut(key(10));
    stretches.cut(key(29));
    assertNull(skip(10));
    assertArrayEquals(key(29), skip(11));
    assertNull(skip(29));
  }

  @Test
  void aKeyThatIsPutWhileACursorIsUnderWayIsNotInWhatTheCursorProves() {
    try (DeadStretches.Walk walk = stretches.begin(key(10))) {
      stretches.cut(key(20));
      walk(walk, 10, 30);
    }
    assertArrayEquals(key(20), skip(10));
    assertNull(skip(20));
    assertNull(skip(25), "nobody knows what else was put there meanwhile");
  }

  @Test
  void ofSeveralKeysPutMeanwhileTheLowestCounts() {
    try (DeadStretches.Walk walk = stretches.begin(key(10))) {
      stretches.cut(key(25));
      stretches.cut(key(19));
      stretches.cut(key(22));
      stretches.cut(key(5));
      walk(walk, 10, 30);
    }
    assertArrayEquals(key(19), skip(10));
    assertNull(skip(20));
  }

  @Test
  void aPutBehindAKeyWithAValueDoesNotCount() {
    try (DeadStretches.Walk walk = stretches.begin(key(0))) {
      walk(walk, 10, 20);
      stretches.cut(key(15));
      walk(walk, 40, 60);
    }
    assertArrayEquals(behind(59), skip(40));
    assertNull(skip(15));
  }

  @Test
  void twoQueuesHaveAStretchEach() {
    prove(10, 20);
    prove(100, 120);
    assertArrayEquals(behind(19), skip(10));
    assertArrayEquals(behind(119), skip(100));
    assertNull(skip(50));
  }

  @Test
  void theLongestAreRememberedWhenThereAreTooMany() {
    for (int i = 0; i < 1000; i++) {
      byte[] first = {(byte) (i >> 8), (byte) i, 0};
      try (DeadStretches.Walk walk = stretches.begin(first)) {
        int keys = i == 0 ? 20 : 10;
        for (int k = 0; k < keys; k++) {
          walk.passedDead(new byte[] {(byte) (i >> 8), (byte) i, (byte) k});
        }
        walk.passed(new byte[] {(byte) (i >> 8), (byte) i, (byte) keys});
      }
    }
    try (DeadStretches.Walk walk = stretches.begin(null)) {
      assertArrayEquals(new byte[] {0, 0, 19, 0}, walk.skip(new byte[] {0, 0, 0}));
    }
  }
}
