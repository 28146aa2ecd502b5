package dev.quarry.index.keys;

import static dev.quarry.index.keys.KeyIndexFixture.bytes;
import static dev.quarry.index.keys.KeyIndexFixture.deleteTree;
import static dev.quarry.index.keys.KeyIndexFixture.drain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The index against a sorted set: hex digits sort as the unsigned bytes they stand for. */
final class KeyIndexPropertyTest {

  /** One call of a sink. */
  record Change(String key, boolean isPut) {}

  @Property(tries = 40)
  void theIndexIsASortedSetOfKeys(
      @ForAll("segments") List<List<Change>> segments,
      @ForAll("bounds") List<String> bounds,
      @ForAll boolean reopened)
      throws Exception {
    Path directory = Files.createTempDirectory("keyindex");
    TreeSet<String> expected = new TreeSet<>();
    KeyIndex index = KeyIndex.open(directory);
    try {
      for (int id = 0; id < segments.size(); id++) {
        List<Change> changes = segments.get(id);
        index.add(id, id, sink -> changes.forEach(change -> apply(change, sink, expected)));
        if (reopened) {
          index.close();
          index = KeyIndex.open(directory);
        }
      }
      for (String from : bounds) {
        for (String to : bounds) {
          List<String> range =
              expected.stream()
                  .filter(key -> key.compareTo(from) >= 0 && key.compareTo(to) < 0)
                  .toList();
          assertEquals(range, drain(index.iterate(bytes(from), bytes(to))));
        }
        assertEquals(List.copyOf(expected.tailSet(from)), drain(index.iterate(bytes(from), null)));
        assertEquals(List.copyOf(expected.headSet(from)), drain(index.iterate(null, bytes(from))));
      }
      for (int id = 0; id < segments.size(); id++) {
        assertTrue(index.covers(id, id));
      }
    } finally {
      index.close();
      deleteTree(directory);
    }
  }

  private static void apply(Change change, KeySink sink, Set<String> expected) {
    if (change.isPut()) {
      sink.put(bytes(change.key()));
      expected.add(change.key());
    } else {
      sink.delete(bytes(change.key()));
      expected.remove(change.key());
    }
  }

  /** Few and extreme bytes, so that keys meet again and are prefixes of each other. */
  private static Arbitrary<String> keys(int shortest) {
    return Arbitraries.of("00", "01", "02", "7f", "80", "ff")
        .list()
        .ofMinSize(shortest)
        .ofMaxSize(3)
        .map(key -> String.join("", key));
  }

  @Provide
  Arbitrary<List<List<Change>>> segments() {
    Arbitrary<Boolean> isPut = Arbitraries.of(true, true, true, false);
    Arbitrary<Change> changes = Combinators.combine(keys(1), isPut).as(Change::new);
    return changes.list().ofMaxSize(40).list().ofMaxSize(4);
  }

  @Provide
  Arbitrary<List<String>> bounds() {
    return keys(0).list().ofMinSize(1).ofMaxSize(6);
  }
}
