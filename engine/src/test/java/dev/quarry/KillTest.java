package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real process, killed with SIGKILL while several threads put and delete, time and again on one
 * store. The process prints a line after each acknowledged operation; whatever was printed is
 * there.
 */
class KillTest {

  private static final int KILLS = 20;
  private static final int THREADS = 4;
  private static final int KEYS_EACH = 25;
  private static final int KEYS = THREADS * KEYS_EACH;

  @TempDir Path directory;

  @Test
  void everyAcknowledgedOperationSurvivesTwentySigkills() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    long[] acknowledged = new long[KEYS];
    long operations = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      long start = kill * 1_000_000L;
      operations += runAndKill(start, 20 + random.nextInt(400), acknowledged);
      check(acknowledged, start, "seed " + seed + ", kill " + kill);
    }
    System.out.println(KILLS + " kills, " + operations + " operations acknowledged, none lost");
  }

  /** Runs the child until it has acknowledged enough, and kills it; all it printed counts. */
  private long runAndKill(long start, int enough, long[] acknowledged) throws Exception {
    Process child =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-ea",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                directory.toString(),
                Long.toString(start))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long lines = 0;
    try (BufferedReader out = child.inputReader(StandardCharsets.US_ASCII)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.endsWith(";")) { // else cut short by the kill
          int space = line.indexOf(' ');
          int key = Integer.parseInt(line, 0, space, 10);
          acknowledged[key] = Long.parseLong(line, space + 1, line.length() - 1, 10);
          if (++lines == enough) {
            child.toHandle().destroyForcibly(); // leaves our end of the pipe open
          }
        }
      }
    }
    assertTrue(child.waitFor(1, TimeUnit.MINUTES));
    assertEquals(128 + 9, child.exitValue(), "the child ended before it was killed");
    return lines;
  }

  /**
   * The last version of a key that was acknowledged, or the next one, which was under way, is
   * there; an odd version is a delete.
   */
  private void check(long[] acknowledged, long start, String where) {
    try (BlobStore store = BlobStore.open(directory, TestStores.small(StoreMode.DURABLE))) {
      for (int key = 0; key < KEYS; key++) {
        long last = acknowledged[key];
        long next = Math.max(last, start) + 1;
        byte[] value = store.get(key(key));
        if (value == null) {
          boolean deleted = last % 2 == 1 || last == 0;
          assertTrue(deleted || next % 2 == 1, where + ": lost key " + key);
          acknowledged[key] = deleted ? last : next;
        } else {
          long found = checkedVersion(value, key, where);
          assertTrue(
              found == last || found == next,
              where + ": key " + key + " has version " + found + ", not " + last + " or " + next);
          acknowledged[key] = found;
        }
      }
      StoreInvariants.check(store);
    }
  }

  private static byte[] key(int number) {
    return ("key " + number).getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] value(int key, long version) {
    Random random = new Random(version * KEYS + key);
    byte[] value = new byte[20 + random.nextInt(12_000)];
    random.nextBytes(value);
    ByteBuffer buffer = ByteBuffer.wrap(value).putInt(8, key).putLong(12, version);
    buffer.putLong(0, crc(value));
    return value;
  }

  private static long checkedVersion(byte[] value, int key, String where) {
    ByteBuffer buffer = ByteBuffer.wrap(value);
    assertEquals(crc(value), buffer.getLong(0), where);
    assertEquals(key, buffer.getInt(8), where);
    return buffer.getLong(12);
  }

  private static long crc(byte[] value) {
    CRC32 crc = new CRC32();
    crc.update(value, 8, value.length - 8);
    return crc.getValue();
  }

  /** The process that is killed. */
  static final class Child {

    private Child() {}

    public static void main(String[] arguments) throws InterruptedException {
      BlobStore store = BlobStore.open(Path.of(arguments[0]), TestStores.small(StoreMode.DURABLE));
      long start = Long.parseLong(arguments[1]);
      List<Thread> threads = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        int first = thread * KEYS_EACH;
        threads.add(new Thread(() -> run(store, first, start)));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
    }

    private static void run(BlobStore store, int first, long start) {
      PrintStream out = System.out;
      for (long version = start + 1; ; version++) {
        for (int key = first; key < first + KEYS_EACH; key++) {
          if (version % 2 == 1) {
            store.delete(key(key));
          } else {
            store.put(key(key), value(key, version));
          }
          out.print(key + " " + version + ";\n");
          out.flush();
        }
      }
    }
  }
}
