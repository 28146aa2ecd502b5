package dev.quarry.crash.process;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Processes whose other code takes all of something for a moment, really: descriptors, permissions,
 * heap. The store goes on afterwards, without being opened anew.
 */
@Tag("slow")
class PassingLackTest {

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void aStoreGoesOnWhenThereAreDescriptorsAgain(StoreMode mode) throws Exception {
    run(NoDescriptors.class, mode, ChildJvm.of(NoDescriptors.class).after("ulimit -n 160"));
  }

  @ParameterizedTest
  @EnumSource
  void aStoreGoesOnWhenItsDirectoriesCanBeEnteredAgain(StoreMode mode) throws Exception {
    run(NoPermission.class, mode, boundByPermissions(NoPermission.class));
  }

  @ParameterizedTest
  @EnumSource
  void aStoreGoesOnWhenItsRootCanBeEnteredAgain(StoreMode mode) throws Exception {
    run(NoEntry.class, mode, boundByPermissions(NoEntry.class));
  }

  private static ChildJvm.Builder boundByPermissions(Class<?> what) throws IOException {
    ChildJvm.Builder child = ChildJvm.of(what);
    if (isRoot()) { // whom permissions bind only without these capabilities
      assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")));
      child.startedBy("setpriv", "--bounding-set=-dac_override,-dac_read_search");
    }
    return child;
  }

  @ParameterizedTest
  @EnumSource
  void aStoreGoesOnWhenThereIsHeapAgain(StoreMode mode) throws Exception {
    List<String> told =
        ChildJvm.of(NoHeap.class)
            .options("-Xmx48m")
            .withoutLog()
            .run(directory.toString(), mode.name());
    System.out.println("NoHeap, " + mode + ": " + told.get(0));
  }

  private static boolean isRoot() throws IOException {
    return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }

  private void run(Class<?> what, StoreMode mode, ChildJvm.Builder child) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")));
    Path root = directory.resolve("store");
    List<String> told = child.withoutLog().run(root.toString(), mode.name());
    Tracked tracked = Tracked.of(told.subList(1, told.size()));
    System.out.println(what.getSimpleName() + ", " + mode + ": " + told.get(0));
    try (BlobStore store = BlobStore.open(root, TestStores.small(mode))) {
      tracked.check(store, "reopened");
      StoreInvariants.check(store);
    }
  }

  /** Uses a store while there is enough, while something lacks, and afterwards. */
  private static final class Victim {

    private static final int OPERATIONS = 200;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private final Tracked tracked = new Tracked(8);
    private final BlobStoreOptions options;
    private final Path root;
    private int refused;

    Victim(String[] arguments) {
      this.root = Path.of(arguments[0]);
      this.options = TestStores.small(StoreMode.valueOf(arguments[1]));
    }

    void run(Closeable begin, Closeable end) throws IOException {
      try (BlobStore store = BlobStore.open(root, options)) {
        useFully(store);
        for (int round = 0; round < 3; round++) {
          begin.close();
          try {
            for (int i = 0; i < OPERATIONS; i++) {
              note(tracked.step(store));
            }
          } finally {
            end.close();
          }
          assertNull(store.stats().failure(), "a lack is no failure");
          useFully(store);
          awaitNoLack(store);
        }
      }
      assertTrue(refused > 0, "something lacked");
      System.out.println(refused + " operations were refused");
      tracked.toLines().forEach(System.out::println);
    }

    private void useFully(BlobStore store) {
      for (int i = 0; i < OPERATIONS; i++) {
        assertNull(tracked.step(store), "nothing lacks");
      }
      store.sync();
      tracked.check(store, "with enough");
    }

    /** What is done in the background is done again some time after it is asked for. */
    private static void awaitNoLack(BlobStore store) {
      long end = System.nanoTime() + PATIENCE_NANOS;
      while (store.stats().lack() != null) {
        assertTrue(System.nanoTime() < end, () -> "still: " + store.stats().lack());
        Thread.onSpinWait();
      }
    }

    private void note(@Nullable Throwable failure) {
      if (failure != null) {
        assertInstanceOf(ResourceExhaustedException.class, failure);
        refused++;
      }
    }
  }

  static final class NoDescriptors {

    private NoDescriptors() {}

    public static void main(String[] arguments) throws Exception {
      DescriptorLimitTest.Child.loadClasses();
      List<Closeable> hoard = new ArrayList<>();
      new Victim(arguments)
          .run(
              () -> takeAll(hoard),
              () -> {
                for (Closeable each : hoard) {
                  each.close();
                }
                hoard.clear();
              });
    }

    private static void takeAll(List<Closeable> hoard) {
      try {
        while (true) {
          hoard.add(new FileInputStream("/dev/null"));
        }
      } catch (IOException e) {
        // there are none left
      }
    }
  }

  static final class NoPermission {

    private NoPermission() {}

    public static void main(String[] arguments) throws Exception {
      Path root = Path.of(arguments[0]);
      new Victim(arguments).run(() -> setMode(root, 0), () -> setMode(root, 0_755));
    }

    private static void setMode(Path root, int mode) throws IOException {
      for (String name : List.of("segments", "wal")) {
        Files.setAttribute(root.resolve(name), "unix:mode", mode);
      }
    }
  }

  static final class NoEntry {

    private NoEntry() {}

    public static void main(String[] arguments) throws Exception {
      Path root = Path.of(arguments[0]);
      new Victim(arguments)
          .run(
              () -> Files.setAttribute(root, "unix:mode", 0),
              () -> Files.setAttribute(root, "unix:mode", 0_755));
    }
  }

  /**
   * Fills the heap for moments, while threads use the store. What the threads do themselves takes
   * no memory, so that they know what was acknowledged.
   */
  static final class NoHeap {

    private static final int SECONDS = 5;
    private static final int THREADS = 3;
    private static final int KEYS = 300;
    private static final int LONGEST = 40_000;
    private static final int WARM_UPS = 50;

    @SuppressWarnings("unused") // keeps what fills the heap
    private static volatile @Nullable Object sink;

    private static volatile boolean stopped;

    private NoHeap() {}

    /** A thread with keys of its own. */
    private static final class Writer {

      private final BlobStore store;
      private final byte[][] keys = new byte[KEYS][];
      private final byte[][] values = new byte[16][];

      /** Of each key the version that was acknowledged last. */
      private final int[] acknowledged = new int[KEYS];

      private int version;
      private int refused;
      private volatile @Nullable Throwable wrong;

      Writer(BlobStore store, int number) {
        this.store = store;
        for (int key = 0; key < KEYS; key++) {
          keys[key] = ("key " + number + " " + key).getBytes(StandardCharsets.US_ASCII);
        }
        for (int i = 0; i < values.length; i++) {
          values[i] = new byte[LONGEST / (i + 1)];
        }
      }

      void run() {
        while (!stopped && wrong == null) {
          step();
        }
      }

      void step() {
        version++;
        int key = version * 7 % KEYS;
        byte[] value = values[version % values.length];
        for (int i = 0; i < Integer.BYTES; i++) {
          value[i] = (byte) (version >>> (8 * i));
        }
        try {
          store.put(keys[key], value);
          acknowledged[key] = version;
        } catch (ResourceExhaustedException | OutOfMemoryError e) {
          refused++;
        } catch (RuntimeException | Error e) {
          wrong = e;
        }
      }

      void check(BlobStore in, String when) {
        for (int key = 0; key < KEYS; key++) {
          byte[] value = in.get(keys[key]);
          int found = value == null ? 0 : ByteBuffer.wrap(value).order(LITTLE_ENDIAN).getInt();
          assertEquals(acknowledged[key], found, when);
        }
      }
    }

    public static void main(String[] arguments) throws Exception {
      DescriptorLimitTest.Child.loadClasses();
      BlobStoreOptions options = TestStores.small(StoreMode.valueOf(arguments[1]));
      Path root = Path.of(arguments[0]);
      List<Writer> writers = new ArrayList<>();
      try (BlobStore store = BlobStore.open(root, options)) {
        for (int i = 0; i < THREADS; i++) {
          writers.add(new Writer(store, i));
        }
        for (int i = 0; i < WARM_UPS && store.stats().segmentsCompacted() == 0; i++) {
          useFully(store, writers); // a lambda that cannot be linked on JDK 25 never is again
        }
        stopped = false;
        List<Thread> threads = writers.stream().map(writer -> new Thread(writer::run)).toList();
        threads.forEach(Thread::start);
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        while (System.nanoTime() < end) {
          fill();
          Thread.sleep(100);
        }
        stopped = true;
        for (Thread thread : threads) {
          thread.join();
        }
        assertNull(store.stats().failure(), "a lack of memory is no failure");
        useFully(store, writers);
      }
      try (BlobStore store = BlobStore.open(root, options)) {
        writers.forEach(writer -> writer.check(store, "reopened"));
        StoreInvariants.check(store);
      }
      System.out.println(writers.stream().mapToInt(each -> each.refused).sum() + " were refused");
    }

    private static void useFully(BlobStore store, List<Writer> writers) {
      for (Writer writer : writers) {
        int before = writer.refused;
        for (int i = 0; i < KEYS; i++) {
          writer.step();
        }
        assertNull(writer.wrong);
        assertEquals(before, writer.refused, "nothing lacks");
        store.sync();
        writer.check(store, "with enough");
      }
    }

    private static void fill() throws InterruptedException {
      Object[] chain = null;
      int size = 1 << 20;
      while (size >= 64) {
        try {
          chain = new Object[] {chain, new byte[size]};
          sink = chain;
        } catch (OutOfMemoryError e) {
          size /= 4;
        }
      }
      Thread.sleep(30);
      sink = null;
    }
  }
}
