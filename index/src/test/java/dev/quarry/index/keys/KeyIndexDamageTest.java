package dev.quarry.index.keys;

import static dev.quarry.index.keys.KeyIndexFixture.all;
import static dev.quarry.index.keys.KeyIndexFixture.bytes;
import static dev.quarry.index.keys.KeyIndexFixture.crashImage;
import static dev.quarry.index.keys.KeyIndexFixture.deleteTree;
import static dev.quarry.index.keys.KeyIndexFixture.drain;
import static dev.quarry.index.keys.KeyIndexFixture.files;
import static dev.quarry.index.keys.KeyIndexFixture.hex;
import static dev.quarry.index.keys.KeyIndexFixture.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.keys.KeyIndexFixture.CapturedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
final class KeyIndexDamageTest {

  private static final int SEGMENTS = 3;

  /** A closed index of three segments, each with a table of its own. */
  @TempDir private static Path intact;

  @TempDir private Path parent;
  private Path directory;
  private final CapturedLog log = new CapturedLog();

  @BeforeAll
  static void makeIndex() {
    for (int id = 0; id < SEGMENTS; id++) {
      try (KeyIndex index = KeyIndex.open(intact)) {
        index.add(id, id, keys(segment(id)));
      }
    }
  }

  @BeforeEach
  void copyIndex() throws IOException {
    directory = parent.resolve("keyindex");
    crashImage(intact, directory);
  }

  @AfterEach
  void releaseLog() {
    log.close();
  }

  private static List<String> segment(int id) {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      keys.add(hex(ByteBuffer.allocate(9).put((byte) id).putLong(i * 0x9e37_79b9L).array()));
    }
    return keys;
  }

  private enum Harm {
    DELETE,
    EMPTY,
    HALVE,
    FLIP;

    void to(Path file) throws IOException {
      byte[] content = Files.readAllBytes(file);
      switch (this) {
        case DELETE -> Files.delete(file);
        case EMPTY -> Files.write(file, new byte[0]);
        case HALVE -> Files.write(file, Arrays.copyOf(content, content.length / 2));
        case FLIP -> {
          content[content.length / 2] ^= 0x10;
          Files.write(file, content);
        }
      }
    }
  }

  private static void assertEmptyAndUsable(KeyIndex index) {
    for (int id = 0; id < SEGMENTS; id++) {
      assertFalse(index.covers(id, id));
    }
    assertEquals(List.of(), all(index));
    index.add(1, 1, keys(segment(1)));
    assertTrue(index.covers(1, 1));
    assertEquals(segment(1), all(index));
  }

  /** What holds whatever happened: the keys of a covered segment are found, or damage is thrown. */
  private static void assertHonest(KeyIndex index) {
    try {
      Set<String> found = new HashSet<>(all(index));
      for (int id = 0; id < SEGMENTS; id++) {
        if (index.covers(id, id)) {
          assertTrue(found.containsAll(segment(id)), "segment " + id);
        }
      }
    } catch (KeyIndexDamagedException e) {
      index.replaceDamaged();
      assertEquals(List.of(), all(index));
    }
    Set<String> expected = new TreeSet<>();
    for (int id = 0; id < SEGMENTS; id++) {
      index.add(id, id, keys(segment(id)));
      expected.addAll(segment(id));
    }
    assertEquals(List.copyOf(expected), all(index));
  }

  @ParameterizedTest
  @CsvSource({
    ".sst, DELETE",
    ".sst, EMPTY",
    ".sst, HALVE",
    "CURRENT, DELETE",
    "CURRENT, EMPTY",
    "CURRENT, HALVE",
    "CURRENT, FLIP",
    "MANIFEST, DELETE",
    "MANIFEST, EMPTY",
    "MANIFEST, FLIP"
  })
  void aDatabaseThatCannotBeOpenedStartsAnewWithOneWarning(String part, Harm harm)
      throws Exception {
    harm.to(files(directory, part).get(0));
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertEmptyAndUsable(index);
    }
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertEquals(segment(1), all(index));
    }
    assertEquals(1, log.warnings().size(), () -> log.warnings().toString());
    String warning = log.warnings().get(0);
    assertTrue(warning.contains(directory.toString()), warning);
    assertTrue(warning.contains("cannot be opened: "), warning);
  }

  @Test
  void aDeletedDirectoryIsAnEmptyIndexWithoutAWarning() throws Exception {
    deleteTree(directory);
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertEmptyAndUsable(index);
    }
    assertEquals(List.of(), log.warnings());
  }

  @Test
  void aDirectoryOfOtherFilesBecomesAnIndexAndTheyStay() throws Exception {
    deleteTree(directory);
    Files.createDirectory(directory);
    Files.writeString(directory.resolve("notes"), "not a database");
    Files.writeString(directory.resolve("CURRENT"), "not a database");
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertEmptyAndUsable(index);
    }
    assertEquals("not a database", Files.readString(directory.resolve("notes")));
  }

  @Test
  void damageInATableIsThrownWhenTheRangeIsReadAndNotBefore() throws Exception {
    flipTableOfSegment1();
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertEquals(segment(2), drain(index.iterate(bytes("02"), null)));
      try (OrderedKeys cursor = index.iterate(bytes("01"), null)) {
        KeyIndexDamagedException damage =
            assertThrows(
                KeyIndexDamagedException.class,
                () -> {
                  while (cursor.next()) {
                    assertEquals(1, cursor.key()[0]);
                  }
                });
        assertTrue(damage.getMessage().contains(directory.toString()), damage.getMessage());
        assertThrows(KeyIndexDamagedException.class, cursor::next);
      }
    }
  }

  @Test
  void aDamagedIndexIsReplacedByAnEmptyOne() throws Exception {
    flipTableOfSegment1();
    try (KeyIndex index = KeyIndex.open(directory)) {
      OrderedKeys bystander = index.iterate(bytes("02"), null);
      assertTrue(bystander.next());
      assertThrows(KeyIndexDamagedException.class, () -> all(index));
      index.replaceDamaged();

      assertThrows(KeyIndexDamagedException.class, bystander::next);
      assertThrows(KeyIndexDamagedException.class, bystander::key);
      bystander.close();
      assertEmptyAndUsable(index);
    }
  }

  @Test
  void onlyTheFirstOfSeveralReplacementsReplaces() throws Exception {
    flipTableOfSegment1();
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertThrows(KeyIndexDamagedException.class, () -> all(index));
      index.replaceDamaged();
      index.add(1, 1, keys(segment(1)));
      index.replaceDamaged();
      assertTrue(index.covers(1, 1));
      assertEquals(segment(1), all(index));
    }
  }

  @Test
  void anIndexWithoutDamageIsNotReplaced() {
    try (KeyIndex index = KeyIndex.open(directory)) {
      index.replaceDamaged();
      assertTrue(index.covers(0, 0) && index.covers(1, 1) && index.covers(2, 2));
    }
  }

  @Test
  void replacingFromWithinAnAddEndsThatAdd() throws Exception {
    flipTableOfSegment1();
    try (KeyIndex index = KeyIndex.open(directory)) {
      assertThrows(
          KeyIndexDamagedException.class,
          () ->
              index.add(
                  4,
                  4,
                  sink -> {
                    sink.put(bytes("04"));
                    assertThrows(KeyIndexDamagedException.class, () -> all(index));
                    index.replaceDamaged();
                  }));
      assertFalse(index.covers(4, 4));
      assertEmptyAndUsable(index);
    }
  }

  /** Replays with the seed in the message of a failure. */
  @RepeatedTest(40)
  void afterAnyDamageTheIndexIsCompleteOrSaysThatItIsNot() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    try {
      for (int harmed = random.nextInt(2); harmed >= 0; harmed--) {
        List<Path> files = files(directory);
        damage(files.get(random.nextInt(files.size())), random);
      }
      try (KeyIndex index = KeyIndex.open(directory)) {
        assertHonest(index);
      }
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private static void damage(Path file, Random random) throws IOException {
    byte[] content = Files.readAllBytes(file);
    int at = random.nextInt(content.length + 1);
    switch (random.nextInt(4)) {
      case 0 -> Files.delete(file);
      case 1 -> Files.write(file, Arrays.copyOf(content, at));
      case 2 -> Files.write(file, Arrays.copyOf(content, content.length + at));
      default -> {
        int end = Math.min(content.length, at + 1 + random.nextInt(64));
        for (int i = at; i < end; i++) {
          content[i] = (byte) random.nextInt();
        }
        Files.write(file, content);
      }
    }
  }

  private void flipTableOfSegment1() throws IOException {
    Harm.FLIP.to(files(directory, ".sst").get(1));
  }
}
