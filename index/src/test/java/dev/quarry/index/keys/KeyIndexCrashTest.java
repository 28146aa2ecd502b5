package dev.quarry.index.keys;

import static dev.quarry.index.keys.KeyIndexFixture.all;
import static dev.quarry.index.keys.KeyIndexFixture.bytes;
import static dev.quarry.index.keys.KeyIndexFixture.crashImage;
import static dev.quarry.index.keys.KeyIndexFixture.files;
import static dev.quarry.index.keys.KeyIndexFixture.hex;
import static dev.quarry.index.keys.KeyIndexFixture.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Crashes are images of the directory, taken while the index is open. */
final class KeyIndexCrashTest {

  /** Three write buffers and a bit: the third can only begin when the first is on disk. */
  private static final int BYTES_THAT_REACH_THE_DISK = 26 << 20;

  private static final int KEY_BYTES = 60_000;

  @TempDir private Path parent;

  private static List<String> longKeys(long seed, int bytes) {
    Random random = new Random(seed);
    List<String> keys = new ArrayList<>();
    for (int made = 0; made < bytes; made += KEY_BYTES) {
      byte[] key = new byte[KEY_BYTES];
      random.nextBytes(key);
      keys.add(hex(key));
    }
    return keys;
  }

  @Test
  void whatWasInMemoryOnlyIsNotCoveredAfterACrash() throws Exception {
    Path directory = parent.resolve("keyindex");
    Path image = parent.resolve("image");
    try (KeyIndex index = KeyIndex.open(directory)) {
      index.add(1, 10, keys("aa"));
      crashImage(directory, image);
      assertTrue(index.covers(1, 10));
    }
    try (KeyIndex index = KeyIndex.open(image)) {
      assertFalse(index.covers(1, 10));
      assertEquals(List.of(), all(index));
    }
  }

  @Test
  void aSegmentIsNotCoveredAfterACrashBetweenItsKeysAndItsSentinel() throws Exception {
    Path directory = parent.resolve("keyindex");
    Path image = parent.resolve("image");
    List<String> keys = longKeys(1, BYTES_THAT_REACH_THE_DISK);
    try (KeyIndex index = KeyIndex.open(directory)) {
      index.add(
          1,
          10,
          sink -> {
            keys(keys).forEach(sink);
            crash(directory, image);
          });
    }
    try (KeyIndex index = KeyIndex.open(image)) {
      assertFalse(index.covers(1, 10));
      int survivors = all(index).size();
      assertTrue(survivors > 0 && survivors < keys.size(), () -> survivors + " keys");
      index.add(1, 10, keys(keys));
      assertTrue(index.covers(1, 10));
      assertEquals(keys.stream().sorted().toList(), all(index));
    }
  }

  @Test
  void everySegmentThatIsCoveredAfterACrashHasAllItsKeys() throws Exception {
    Path directory = parent.resolve("keyindex");
    List<List<String>> segments =
        IntStream.range(0, 26).mapToObj(seed -> longKeys(seed, 1 << 20)).toList();
    List<Path> images = new ArrayList<>();
    Set<Path> known = new HashSet<>();
    try (KeyIndex index = KeyIndex.open(directory)) {
      for (int id = 0; id < segments.size(); id++) {
        List<String> keys = segments.get(id);
        index.add(
            id,
            id,
            sink -> {
              for (String key : keys) {
                sink.put(bytes(key));
                if (known.addAll(tables(directory))) {
                  images.add(parent.resolve("image" + images.size()));
                  crash(directory, images.get(images.size() - 1));
                }
              }
            });
      }
    }
    int covered = 0;
    for (Path image : images) {
      covered += coveredAndComplete(image, segments);
    }
    assertTrue(covered > 0, "no segment is covered in any of " + images.size() + " images");
  }

  private static int coveredAndComplete(Path image, List<List<String>> segments) {
    int covered = 0;
    try (KeyIndex index = KeyIndex.open(image)) {
      Set<String> found = new HashSet<>(all(index));
      for (int id = 0; id < segments.size(); id++) {
        if (index.covers(id, id)) {
          covered++;
          assertTrue(found.containsAll(segments.get(id)), "segment " + id + " in " + image);
        }
      }
    }
    return covered;
  }

  private static List<Path> tables(Path directory) {
    try {
      return files(directory).stream().filter(f -> f.toString().endsWith(".sst")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void crash(Path directory, Path image) {
    try {
      crashImage(directory, image);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
