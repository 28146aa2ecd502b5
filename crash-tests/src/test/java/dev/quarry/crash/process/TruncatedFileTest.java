package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.CorruptionException;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The files of an open store are cut short by someone else, which the store assumes does not
 * happen. To read behind the end of a file that is mapped is a SIGBUS. The JVM makes it an {@link
 * InternalError} in some places, of which most reads make a {@link CorruptionException}; in others,
 * such as the computing of a checksum, it dies of it. What is tested is that nobody is given wrong
 * bytes, in a process of its own.
 */
@Tag("slow")
class TruncatedFileTest {

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"0, 0", "4096, 0", "20000, 0", "0, 3000", "4096, 3000", "20000, 3000"})
  void wrongBytesAreNeverReturned(int length, int rounds) throws Exception {
    try (ChildJvm child =
        ChildJvm.of(Child.class)
            .withoutLog()
            .options("-Xbatch", "-XX:-CreateCoredumpOnCrash")
            .options("-XX:ErrorFile=" + directory.resolve("fatal"))
            .start(
                directory.resolve("store").toString(),
                Integer.toString(length),
                Integer.toString(rounds))) {
      String last = "";
      for (String line = child.readLine(); line != null; line = child.readLine()) {
        last = line;
      }
      int exitCode = child.awaitEnd();
      assertNotEquals(Child.WRONG, exitCode, "wrong bytes");
      System.out.println("cut to " + length + ": " + (exitCode == 0 ? last : "the JVM died"));
    }
  }

  static final class Child {

    static final int WRONG = 7;
    private static final int KEYS = 90;

    /** What reads come to. */
    private enum Outcome {
      RIGHT,
      DAMAGED
    }

    /** One way to read. */
    @FunctionalInterface
    private interface Read {
      void check(BlobStore store, int key) throws IOException;
    }

    private static final Writes WRITES = new Writes(9);
    private static final Map<Outcome, Integer> OUTCOMES = new EnumMap<>(Outcome.class);

    private Child() {}

    public static void main(String[] arguments) throws IOException {
      try {
        run(arguments);
      } catch (AssertionError e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(WRONG);
      }
    }

    private static void run(String[] arguments) throws IOException {
      Path root = Path.of(arguments[0]);
      try (BlobStore store = BlobStore.open(root, TestStores.small(StoreMode.CACHE))) {
        for (int key = 0; key < KEYS; key++) {
          store.put(Writes.key(key), value(key));
        }
        store.sync();
        for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
          store.get(Writes.key(round % KEYS));
          view(store, round % KEYS);
        }
        cut(root, Integer.parseInt(arguments[1]));
        for (int key = 0; key < KEYS; key++) {
          read(Child::get, store, key);
          read(Child::getToBuffer, store, key);
          read(Child::view, store, key);
          read((s, k) -> assertTrue(s.contains(Writes.key(k))), store, key);
        }
        assertTrue(OUTCOMES.getOrDefault(Outcome.DAMAGED, 0) > 0, "something is behind the ends");
      }
      System.out.println(OUTCOMES);
    }

    private static byte[] value(int key) {
      return WRITES.value(key, 1);
    }

    private static void cut(Path root, int length) throws IOException {
      for (Path file : Trees.files(root.resolve("segments"))) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(length);
        }
      }
    }

    private static void read(Read read, BlobStore store, int key) throws IOException {
      Outcome outcome = Outcome.RIGHT;
      try {
        read.check(store, key);
      } catch (CorruptionException e) {
        assertTrue(e.getMessage().contains(".seg"), e.getMessage());
        outcome = Outcome.DAMAGED;
      }
      OUTCOMES.merge(outcome, 1, Integer::sum);
    }

    private static void get(BlobStore store, int key) {
      byte[] found = store.get(Writes.key(key));
      assertEquals(ByteBuffer.wrap(value(key)), ByteBuffer.wrap(found));
    }

    private static void getToBuffer(BlobStore store, int key) {
      ByteBuffer destination = ByteBuffer.allocateDirect(160_000);
      store.get(Writes.key(key), destination);
      assertEquals(ByteBuffer.wrap(value(key)), destination.flip());
    }

    private static void view(BlobStore store, int key) {
      try (Blob blob = store.view(Writes.key(key))) {
        assertNotNull(blob);
        assertEquals(ByteBuffer.wrap(value(key)), blob.buffer());
      }
    }
  }
}
