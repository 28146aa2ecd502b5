package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** The index does what a map does, through growth, when one thread uses it. */
class ShardedIndexModelTest {

  enum Kind {
    PUBLISH,
    PUBLISH_VISITED,
    PUBLISH_TOMBSTONE,
    RELOCATE,
    RELOCATE_FROM_ELSEWHERE,
    REMOVE,
    REMOVE_FROM_ELSEWHERE,
    MARK,
    EVICT,
    EVICT_FROM_ELSEWHERE,
    /** Publishes so many new keys. */
    FILL
  }

  record Operation(Kind kind, int key, int number) {}

  record Entry(long location, long length, boolean visited) {}

  @Provide
  Arbitrary<List<Operation>> operations() {
    Arbitrary<Kind> kinds = Arbitraries.of(Kind.class).filter(kind -> kind != Kind.FILL);
    Arbitrary<Operation> onOneKey =
        Combinators.combine(
                kinds, Arbitraries.integers().between(0, 15), Arbitraries.integers().between(1, 50))
            .as(Operation::new);
    Arbitrary<Operation> fill =
        Arbitraries.integers().between(100, 900).map(count -> new Operation(Kind.FILL, 0, count));
    return Arbitraries.frequencyOf(Tuple.of(19, onOneKey), Tuple.of(1, fill)).list().ofMaxSize(200);
  }

  @Property(tries = 150)
  void behavesAsAMap(@ForAll("operations") List<Operation> operations) {
    Comparison comparison = new Comparison();
    for (Operation operation : operations) {
      comparison.apply(operation);
    }
    comparison.compareAll();
  }

  /** An index, a model of it, and both changed alike. */
  private static final class Comparison {

    private static final long ELSEWHERE = Location.pack(Integer.MAX_VALUE, 0, false);

    private final ShardedIndex index = new ShardedIndex();
    private final Map<Integer, Entry> model = new HashMap<>();
    private final Replaced out = new Replaced();
    private int nextFiller = 1_000;

    void apply(Operation operation) {
      int key = operation.key();
      switch (operation.kind()) {
        case PUBLISH -> publish(key, operation.number(), false, false);
        case PUBLISH_VISITED -> publish(key, operation.number(), true, false);
        case PUBLISH_TOMBSTONE -> publish(key, operation.number(), false, true);
        case RELOCATE -> relocate(key, location(key), operation.number());
        case RELOCATE_FROM_ELSEWHERE -> relocate(key, ELSEWHERE, operation.number());
        case REMOVE -> remove(key, location(key));
        case REMOVE_FROM_ELSEWHERE -> remove(key, ELSEWHERE);
        case MARK -> mark(key);
        case EVICT -> evict(key, location(key));
        case EVICT_FROM_ELSEWHERE -> evict(key, ELSEWHERE);
        case FILL -> fill(operation.number());
      }
      assertEquals(location(key), index.get(low(key), high(key)));
    }

    /** A record's sequence is its offset's number, whichever segment it is in. */
    private void publish(int key, int sequence, boolean visited, boolean tombstone) {
      long location = Location.pack(key + 1, sequence * 8L, tombstone);
      Entry existing = model.get(key);
      boolean newer = existing == null || sequence * 8L > Location.offset(existing.location());
      boolean published =
          index.publish(
              low(key),
              high(key),
              location,
              sequence + 7L,
              sequence,
              visited,
              (old, number) -> number * 8 > Location.offset(old),
              out);
      assertEquals(newer, published);
      expectOut(newer ? existing : null);
      if (newer) {
        model.put(key, new Entry(location, sequence + 7L, visited));
      }
    }

    private void relocate(int key, long from, int segment) {
      Entry existing = model.get(key);
      boolean there = existing != null && existing.location() == from;
      long to = Location.pack(segment, Location.offset(from), Location.isTombstone(from));
      assertEquals(there, index.relocate(low(key), high(key), from, to));
      if (there) {
        model.put(key, new Entry(to, existing.length(), existing.visited()));
      }
    }

    private void remove(int key, long expected) {
      Entry existing = model.get(key);
      boolean there = existing != null && existing.location() == expected;
      assertEquals(there, index.removeIf(low(key), high(key), expected, out));
      expectOut(there ? existing : null);
      if (there) {
        model.remove(key);
      }
    }

    private void mark(int key) {
      assertEquals(location(key), index.getAndMark(low(key), high(key)));
      model.computeIfPresent(key, (k, e) -> new Entry(e.location(), e.length(), true));
    }

    private void evict(int key, long expected) {
      if (Location.isTombstone(expected)) {
        return;
      }
      Entry existing = model.get(key);
      boolean there = existing != null && existing.location() == expected;
      Verdict verdict = index.evictUnlessVisited(low(key), high(key), expected, out);
      boolean visited = there && existing.visited();
      assertEquals(there ? visited ? Verdict.SPARED : Verdict.EVICTED : Verdict.ABSENT, verdict);
      expectOut(there && !visited ? existing : null);
      if (visited) {
        model.put(key, new Entry(existing.location(), existing.length(), false));
      } else if (there) {
        model.remove(key);
      }
    }

    private void fill(int count) {
      for (int i = 0; i < count; i++) {
        publish(nextFiller, i % 40, i % 3 == 0, i % 5 == 0);
        nextFiller++;
      }
    }

    void compareAll() {
      Map<Integer, Entry> seen = new HashMap<>();
      Map<Long, Integer> keys = new HashMap<>();
      model.keySet().forEach(key -> keys.put(low(key), key));
      index.forEach(
          (low, high, location, length, visited) -> {
            Integer key = keys.get(low);
            assertEquals(Hashes.high(key, key % 2) & 0xFFFF_FFFF_0000_00FFL, high);
            assertEquals(null, seen.put(key, new Entry(location, length, visited)));
          });
      assertEquals(model, seen);
      assertEquals(model.size(), index.size());
      long tombstones =
          model.values().stream().filter(e -> Location.isTombstone(e.location())).count();
      assertEquals(tombstones, index.tombstones());
    }

    private void expectOut(Entry entry) {
      assertEquals(entry == null ? Location.NONE : entry.location(), out.location());
      assertEquals(entry == null ? 0 : entry.length(), out.length());
    }

    private long location(int key) {
      Entry entry = model.get(key);
      return entry == null ? Location.NONE : entry.location();
    }

    private static long low(int key) {
      return Hashes.low(key);
    }

    private static long high(int key) {
      return Hashes.high(key, key % 2);
    }
  }
}
