package dev.quarry.crash.process;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreFullException;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.TestStores;
import dev.quarry.segment.FileSystemDisk;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The process that is killed. Several threads put and delete, each its own keys; one more reads all
 * of them and, in a cache, another one syncs. Whatever happens is said in a line, in one write to
 * the pipe, before or after as {@link Line} has it.
 */
class KillChild {

  static final int THREADS = 4;
  static final int KEYS_EACH = 25;
  static final int KEYS = THREADS * KEYS_EACH;

  /** The exit code when it was not the store that was attacked, but the store that attacked. */
  static final int PROMISE_BROKEN = 3;

  private static final long READ_PAUSE_NANOS = 200_000;
  private static final long SYNC_PAUSE_NANOS = 20_000_000;

  private final Path directory;
  private final StoreMode mode;
  private final Writes writes;
  private final long runSeed;
  private final BlobStoreOptions options;
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);

  /** Of each key the version that was begun last, and the one that was acknowledged last. */
  private final AtomicLongArray begun = new AtomicLongArray(KEYS);

  private final AtomicLongArray acknowledged = new AtomicLongArray(KEYS);

  /**
   * @param arguments the store, its mode, the seed of all that is written, the seed of this run,
   *     and a file with the number of the version that each key begun last
   */
  KillChild(String[] arguments) throws IOException {
    this.directory = Path.of(arguments[0]);
    this.mode = StoreMode.valueOf(arguments[1]);
    long seed = Long.parseLong(arguments[2]);
    this.writes = new Writes(seed);
    this.options = options(mode, seed);
    this.runSeed = Long.parseLong(arguments[3]);
    List<String> versions = Files.readAllLines(Path.of(arguments[4]));
    for (int key = 0; key < KEYS; key++) {
      begun.set(key, Long.parseLong(versions.get(key)));
    }
  }

  public static void main(String[] arguments) throws IOException {
    new KillChild(arguments).run();
  }

  /** How the store of a campaign is always opened. */
  static BlobStoreOptions options(StoreMode mode, long seed) {
    return TestStores.busy(mode, new Random(seed));
  }

  /** Opens the store and uses it until the process is killed. */
  final void run() {
    say(Line.OPENING, 0, 0);
    beforeOpening(directory);
    KeyNumbers numbers = new KeyNumbers(KEYS);
    BlobStore store =
        TestBed.threaded(new FileSystemDisk())
            .hashing(numbers)
            .observing((low, high) -> say(Line.EVICTED, numbers.of(low, high), 0))
            .open(directory, options);
    say(Line.OPENED, 0, 0);
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      start(() -> write(store, thread));
    }
    startReading(store);
    if (mode == StoreMode.CACHE) {
      start(() -> sync(store));
    }
  }

  /** Overridden by those whose lies are to be found out by the check after the kill. */
  void startReading(BlobStore store) {
    start(() -> read(store));
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task);
    thread.setUncaughtExceptionHandler(
        (failed, e) -> {
          e.printStackTrace();
          Runtime.getRuntime().halt(PROMISE_BROKEN);
        });
    thread.start();
  }

  private void write(BlobStore store, int thread) {
    Random random = new Random(runSeed + thread);
    while (true) {
      int key = thread * KEYS_EACH + random.nextInt(KEYS_EACH);
      write(store, key, begun.get(key) + 1);
    }
  }

  private void write(BlobStore store, int key, long version) {
    begun.set(key, version);
    say(Line.BEGUN, key, version);
    try {
      if (writes.isDelete(key, version)) {
        delete(store, key, version);
      } else {
        put(store, key, version, writes.value(key, version));
      }
    } catch (StoreFullException e) {
      if (mode == StoreMode.DURABLE) {
        throw e;
      }
      say(Line.REFUSED, key, version); // readers keep what there is of room
      return;
    }
    acknowledged.set(key, version);
    say(Line.ACKNOWLEDGED, key, version);
  }

  /** The newest that was acknowledged before a read is the oldest that it may find. */
  private void read(BlobStore store) {
    Random random = new Random(runSeed - 1);
    HeldViews held = new HeldViews(writes, random);
    while (true) {
      int key = random.nextInt(KEYS);
      held.maybeHold(store, key);
      long oldest = acknowledged.get(key);
      byte[] value = store.get(Writes.key(key));
      if (value != null) {
        long version = writes.versionOf(key, value);
        if (version < oldest) {
          throw new AssertionError("key " + key + ": read " + version + " after " + oldest);
        }
        if (mode == StoreMode.DURABLE) {
          say(Line.READ, key, version); // what was read from a cache may be lost
        }
      } else if (mode == StoreMode.DURABLE
          && oldest > 0
          && !writes.isDelete(key, oldest)
          && begun.get(key) == oldest) {
        throw new AssertionError("key " + key + ": read nothing after " + oldest);
      }
      LockSupport.parkNanos(READ_PAUSE_NANOS);
    }
  }

  private void sync(BlobStore store) {
    for (long number = 0; ; number++) {
      say(Line.SYNCING, 0, number);
      try {
        sync(store, number);
        say(Line.SYNCED, 0, number);
      } catch (StoreFullException e) {
        // as above
      }
      LockSupport.parkNanos(SYNC_PAUSE_NANOS);
    }
  }

  /** For those that lie. */
  void beforeOpening(Path store) {}

  void put(BlobStore store, int key, long version, byte[] value) {
    store.put(Writes.key(key), value);
  }

  void delete(BlobStore store, int key, long version) {
    store.delete(Writes.key(key));
  }

  void sync(BlobStore store, long number) {
    store.sync();
  }

  /** Says it in one system call, so that lines do not mix and none is lost. */
  final void say(Line line, int key, long version) {
    byte[] bytes = line.format(key, version).getBytes(StandardCharsets.US_ASCII);
    try {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
