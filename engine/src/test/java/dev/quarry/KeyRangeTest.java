package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** Ranges of keys, against the plainest way to say what they are. */
class KeyRangeTest {

  /** Short keys of few bytes, those at the ends of the order among them, so that keys meet. */
  @Provide
  Arbitrary<byte[]> keys() {
    return Arbitraries.of((byte) 0, (byte) 1, (byte) 127, (byte) -128, (byte) -2, (byte) -1)
        .array(byte[].class)
        .ofMaxSize(4);
  }

  /** Byte by byte, as numbers from 0 to 255; a key comes before those it is a prefix of. */
  private static int compare(byte[] left, byte[] right) {
    for (int i = 0; i < left.length && i < right.length; i++) {
      int difference = (left[i] & 0xFF) - (right[i] & 0xFF);
      if (difference != 0) {
        return difference;
      }
    }
    return left.length - right.length;
  }

  private static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length >= prefix.length && Arrays.equals(Arrays.copyOf(key, prefix.length), prefix);
  }

  @Property
  void aPrefixHoldsTheKeysThatBeginWithIt(
      @ForAll("keys") byte[] prefix, @ForAll("keys") byte[] key) {
    assertEquals(startsWith(key, prefix), KeyRange.prefix(prefix).contains(key));
  }

  @Property
  void fromHoldsTheKeyAndAllBehindIt(@ForAll("keys") byte[] from, @ForAll("keys") byte[] key) {
    assertEquals(compare(key, from) >= 0, KeyRange.from(from).contains(key));
  }

  @Property
  void betweenHoldsTheFirstKeyAndNotTheLast(
      @ForAll("keys") byte[] from, @ForAll("keys") byte[] to, @ForAll("keys") byte[] key) {
    boolean expected = compare(key, from) >= 0 && compare(key, to) < 0;
    assertEquals(expected, KeyRange.between(from, to).contains(key));
  }

  @Property
  void allHoldsEveryKey(@ForAll("keys") byte[] key) {
    assertTrue(KeyRange.all().contains(key));
  }

  @Property
  void whatIsLeftBehindAKeyIsAllOfTheRangeThatIsGreater(
      @ForAll("keys") byte[] prefix, @ForAll("keys") byte[] passed, @ForAll("keys") byte[] key) {
    KeyRange range = KeyRange.prefix(prefix);
    if (range.contains(passed)) {
      boolean expected = range.contains(key) && compare(key, passed) > 0;
      assertEquals(expected, range.after(passed).contains(key));
    }
  }

  /** The key index is asked for what lies between the two ends alone. */
  @Property
  void theEndsSayWhatTheRangeHolds(@ForAll("keys") byte[] prefix, @ForAll("keys") byte[] key) {
    KeyRange range = KeyRange.prefix(prefix);
    byte @Nullable [] from = range.from();
    byte @Nullable [] to = range.to();
    boolean within =
        (from == null || compare(key, from) >= 0) && (to == null || compare(key, to) < 0);
    assertEquals(range.contains(key), within);
  }

  @Example
  void aPrefixOfHighestBytesHasNoEnd() {
    byte[] prefix = {-1, -1};
    KeyRange range = KeyRange.prefix(prefix);
    assertNull(range.to());
    assertTrue(range.contains(new byte[] {-1, -1, -1, -1}));
    assertFalse(range.contains(new byte[] {-1, -2, -1}));
  }

  @Example
  void aRangeDoesNotChangeWithTheArraysItWasMadeOf() {
    byte[] from = {1, 2};
    byte[] to = {3};
    KeyRange prefix = KeyRange.prefix(from);
    KeyRange start = KeyRange.from(from);
    KeyRange between = KeyRange.between(from, to);
    from[0] = 9;
    to[0] = 0;
    byte[] key = {1, 2, 5};
    assertTrue(prefix.contains(key));
    assertTrue(start.contains(key));
    assertTrue(between.contains(key));
  }
}
