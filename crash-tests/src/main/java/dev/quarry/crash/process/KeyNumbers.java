package dev.quarry.crash.process;

import dev.quarry.segment.KeyHash;
import dev.quarry.segment.Xxh3KeyHash;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;

/** Tells from its hash which key it is that a cache has evicted; a store takes its hash from it. */
final class KeyNumbers implements LongFunction<KeyHash> {

  private final int keys;
  private final Map<List<Long>, Integer> numbers = new ConcurrentHashMap<>();

  KeyNumbers(int keys) {
    this.keys = keys;
  }

  @Override
  public KeyHash apply(long seed) {
    KeyHash hasher = new Xxh3KeyHash(seed);
    long[] hash = new long[2];
    for (int key = 0; key < keys; key++) {
      hasher.hash(Writes.key(key), hash);
      numbers.put(List.of(hash[0], hash[1]), key);
    }
    return hasher;
  }

  int of(long low, long high) {
    return Objects.requireNonNull(numbers.get(List.of(low, high)));
  }
}
