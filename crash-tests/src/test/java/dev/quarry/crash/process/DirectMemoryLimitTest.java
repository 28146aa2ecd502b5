package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Processes whose JVM allows little direct memory: a store works with it, or says what it needs.
 */
@Tag("slow")
class DirectMemoryLimitTest {

  private static final Pattern LEAST = Pattern.compile("at least (\\d+) bytes of memory");

  @TempDir Path directory;

  private static byte[] key(int number) {
    return ("key " + number).getBytes(StandardCharsets.US_ASCII);
  }

  private static BlobStoreOptions defaults(StoreMode mode) {
    return mode == StoreMode.DURABLE
        ? BlobStoreOptions.durable()
        : BlobStoreOptions.cache(4L << 30);
  }

  private List<String> puts(String limit, StoreMode mode) throws Exception {
    return ChildJvm.of(Puts.class).options(limit).run(directory.toString(), mode.name());
  }

  @ParameterizedTest
  @CsvSource({
    "-XX:MaxDirectMemorySize=48m, DURABLE",
    "-XX:MaxDirectMemorySize=48m, CACHE",
    "-XX:MaxDirectMemorySize=96m, DURABLE",
    "-XX:MaxDirectMemorySize=96m, CACHE",
    "-XX:MaxDirectMemorySize=160m, DURABLE",
    "-Xmx64m, DURABLE",
    "-Xmx64m, CACHE",
  })
  void aStoreWorksWithFewerSlabsThanItMayHave(String limit, StoreMode mode) throws Exception {
    assertEquals(List.of("worked"), puts(limit, mode));
  }

  @ParameterizedTest
  @EnumSource
  void anOpeningSaysWhatItNeedsAndNeedsNoMore(StoreMode mode) throws Exception {
    List<String> refused = puts("-XX:MaxDirectMemorySize=24m", mode);
    Matcher matcher = LEAST.matcher(refused.get(0));
    assertTrue(matcher.find(), () -> String.valueOf(refused));
    assertTrue(refused.get(0).contains("allows " + (24 << 20)), refused.get(0));
    assertTrue(refused.get(0).contains("-XX:MaxDirectMemorySize"), refused.get(0));
    String exactly = "-XX:MaxDirectMemorySize=" + matcher.group(1);
    assertEquals(List.of("worked"), puts(exactly, mode));
    assertEquals(List.of("worked"), puts(exactly, mode), "opened again, with a checkpoint");
  }

  @ParameterizedTest
  @EnumSource
  void aLackThatBeginsLaterMakesAStoreSlower(StoreMode mode) throws Exception {
    ChildJvm.of(Shortage.class)
        .options("-XX:MaxDirectMemorySize=48m")
        .run(directory.toString(), mode.name());
  }

  @Test
  void aBlobThatHoldsTheLastSlabRefusesPutsUntilItIsClosed() throws Exception {
    ChildJvm.of(HeldSlab.class).options("-XX:MaxDirectMemorySize=48m").run(directory.toString());
  }

  @Test
  void aLargeValueMakesRoomInAFullCacheThoughThereIsNoMemoryForAnotherBuffer() throws Exception {
    ChildJvm.of(LargeAtTheBound.class)
        .options("-XX:MaxDirectMemorySize=48m")
        .run(directory.toString());
  }

  @Test
  void aStoreThatFoundNoMemoryForItsLockOpensWhenThereIsMemory() throws Exception {
    ChildJvm.of(LockWithoutMemory.class)
        .options("-XX:MaxDirectMemorySize=48m")
        .run(directory.toString());
  }

  /** Puts more than two slabs' worth with default options. */
  static final class Puts {

    private static final int VALUES = 700;

    private Puts() {}

    public static void main(String[] arguments) {
      try (BlobStore store =
          BlobStore.open(Path.of(arguments[0]), defaults(StoreMode.valueOf(arguments[1])))) {
        byte[] value = new byte[100 << 10];
        for (int i = 0; i < VALUES; i++) {
          store.put(key(i), value);
        }
        store.put(key(0), new byte[10 << 20]);
        for (int i = 0; i < VALUES; i++) {
          assertNotNull(store.get(key(i)));
        }
        assertNull(store.stats().failure());
        System.out.println("worked");
      } catch (ResourceExhaustedException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static BlobStoreOptions small(StoreMode mode) {
    return defaults(mode).toBuilder().segmentBytes(1 << 20).expectedKeys(1000).build();
  }

  /** Takes all direct memory, down to the last page. */
  private static List<ByteBuffer> takeAll() {
    return takeAll(4 << 10);
  }

  private static List<ByteBuffer> takeAll(int last) {
    List<ByteBuffer> hoard = new ArrayList<>();
    for (int piece = 1 << 20; piece >= last; piece /= 4) {
      try {
        while (true) {
          hoard.add(ByteBuffer.allocateDirect(piece));
        }
      } catch (OutOfMemoryError e) {
        // now smaller ones
      }
    }
    return hoard;
  }

  /** Uses a store that has one slab, one staging buffer and its index, when there is no more. */
  static final class Shortage {

    private static final int KEYS = 3000;

    private Shortage() {}

    public static void main(String[] arguments) {
      Path directory = Path.of(arguments[0]);
      StoreMode mode = StoreMode.valueOf(arguments[1]);
      List<ByteBuffer> hoard = new ArrayList<>();
      try (BlobStore store = BlobStore.open(directory, small(mode))) {
        for (int i = 0; i < KEYS; i++) {
          store.put(key(i), new byte[100]);
        }
        hoard.addAll(takeAll());
        assertFalse(hoard.isEmpty());
        for (int i = 0; i < KEYS / 10; i++) {
          store.put(key(i), new byte[20_000]);
        }
        store.put(key(0), new byte[3 << 20]);
        assertTrue(store.delete(key(1)));
        store.sync();
        assertTrue(store.stats().slabBytes() <= 1 << 20, "no memory for more slabs");
        assertNull(store.stats().failure());
        hoard.clear();
        DirectMemoryFigures.awaitCollected(16 << 20);
        for (int i = 0; i < KEYS / 10; i++) {
          store.put(key(i), new byte[20_000]);
        }
        assertTrue(store.stats().slabBytes() > 1 << 20, "memory is used again");
        hoard.addAll(takeAll()); // until the store is closed
      }
      hoard.clear();
      DirectMemoryFigures.awaitCollected(8 << 20);
      try (BlobStore store = BlobStore.open(directory, small(mode))) {
        assertEquals(KEYS, store.stats().keys());
        assertTrue(store.stats().checkpointBytes() > 0, "it was written when the store was closed");
      }
    }
  }

  /**
   * Puts large values into a cache at its bound: their own thread compacts and writes checkpoints.
   */
  static final class LargeAtTheBound {

    private static final int KEYS = 100;

    private LargeAtTheBound() {}

    public static void main(String[] arguments) throws Exception {
      BlobStoreOptions options =
          BlobStoreOptions.cache(16 << 20).toBuilder()
              .segmentBytes(1 << 20)
              .expectedKeys(1000)
              .checkpointInterval(Duration.ZERO)
              .build();
      try (BlobStore store = BlobStore.open(Path.of(arguments[0]), options)) {
        for (int i = 0; i < KEYS; i++) {
          store.put(key(i), new byte[100_000]);
        }
        store.sync();
        List<ByteBuffer> hoard = takeAll();
        List<Thread> writers = new ArrayList<>();
        AtomicInteger put = new AtomicInteger();
        for (int i = 0; i < 4; i++) {
          int writer = i;
          writers.add(
              new Thread(
                  () -> {
                    for (int k = 0; k < KEYS; k++) {
                      store.put(key(writer * KEYS + k), new byte[2 << 20]);
                      put.incrementAndGet();
                    }
                  }));
        }
        writers.forEach(Thread::start);
        for (Thread writer : writers) {
          writer.join();
        }
        assertEquals(writers.size() * KEYS, put.get());
        assertTrue(store.stats().checkpoints() > 0);
        assertNull(store.stats().failure());
        assertFalse(hoard.isEmpty());
      }
    }
  }

  /** Opens a store when not even the memory for reading LOCK can be had. */
  static final class LockWithoutMemory {

    private LockWithoutMemory() {}

    public static void main(String[] arguments) {
      Path directory = Path.of(arguments[0]);
      BlobStore.open(directory, small(StoreMode.DURABLE)).close(); // what classes need is there
      List<ByteBuffer> hoard = takeAll(64);
      assertThrows(
          ResourceExhaustedException.class,
          () -> BlobStore.open(directory, small(StoreMode.DURABLE)));
      hoard.clear();
      DirectMemoryFigures.awaitCollected(8 << 20);
      try (BlobStore store = BlobStore.open(directory, small(StoreMode.DURABLE))) {
        store.put(key(1), new byte[1]);
      }
    }
  }

  /** Views a value in the only slab. */
  static final class HeldSlab {

    private HeldSlab() {}

    public static void main(String[] arguments) {
      try (BlobStore store = BlobStore.open(Path.of(arguments[0]), small(StoreMode.CACHE))) {
        for (int i = 0; i < 3000; i++) {
          store.put(key(i), new byte[10]);
        }
        List<ByteBuffer> hoard = takeAll();
        try (var blob = store.view(key(2999))) {
          assertNotNull(blob);
          for (int i = 0; ; i++) {
            try {
              store.put(key(i), new byte[100_000]);
            } catch (ResourceExhaustedException | OutOfMemoryError e) {
              assertTrue(e.getMessage().contains("open blobs hold"), e.getMessage());
              break;
            }
          }
          assertEquals(10, blob.size());
        }
        for (int i = 0; i < 100; i++) {
          store.put(key(i), new byte[100_000]);
        }
        assertNull(store.stats().failure());
        assertFalse(hoard.isEmpty());
      }
    }
  }
}
