package dev.quarry;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * One step of a random history.
 *
 * @param kind what to do
 * @param key which key, by number
 * @param size of the value, in bytes
 * @param fill what the value is made of
 */
record Step(Kind kind, int key, int size, int fill) {

  static final int KEYS = 24;

  enum Kind {
    PUT,
    PUT_BUFFER,
    GET,
    GET_INTO,
    VIEW,
    CONTAINS,
    DELETE,
    KEYS,
    SYNC,
    REOPEN
  }

  /** Steps of which most write, with values that fit slabs, fill them, and do not fit them. */
  static Arbitrary<Step> any() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            Tuple.of(9, Kind.PUT),
            Tuple.of(5, Kind.PUT_BUFFER),
            Tuple.of(4, Kind.GET),
            Tuple.of(2, Kind.GET_INTO),
            Tuple.of(2, Kind.VIEW),
            Tuple.of(1, Kind.CONTAINS),
            Tuple.of(5, Kind.DELETE),
            Tuple.of(1, Kind.KEYS),
            Tuple.of(1, Kind.SYNC),
            Tuple.of(1, Kind.REOPEN));
    Arbitrary<Integer> sizes =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.integers().between(0, 300)),
            Tuple.of(4, Arbitraries.integers().between(3_900, 4_200)),
            Tuple.of(4, Arbitraries.integers().between(8_000, 30_000)),
            Tuple.of(1, Arbitraries.integers().between(60_000, 140_000)));
    return Combinators.combine(
            kinds,
            Arbitraries.integers().between(0, KEYS - 1),
            sizes,
            Arbitraries.integers().between(0, 1_000_000))
        .as(Step::new);
  }

  /** The key's bytes: some are prefixes of others, some are long, some end in 0xFF. */
  byte[] keyBytes() {
    return keyBytes(key);
  }

  static byte[] keyBytes(int number) {
    return switch (number % 4) {
      case 0 -> new byte[] {(byte) number};
      case 1 -> new byte[] {(byte) number, (byte) 0xFF, (byte) number};
      case 2 -> new byte[] {(byte) (number - 2), 0};
      default -> {
        byte[] key = new byte[100 + number];
        Arrays.fill(key, (byte) (255 - number));
        yield key;
      }
    };
  }

  byte[] value() {
    byte[] value = new byte[size];
    new Random(fill).nextBytes(value);
    return value;
  }

  boolean isWrite() {
    return kind == Kind.PUT || kind == Kind.PUT_BUFFER || kind == Kind.DELETE;
  }
}
