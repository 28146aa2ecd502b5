package dev.quarry.crash.process;

import dev.quarry.BlobStore;
import dev.quarry.StoreMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A process that does not do what it says, to show that the check after a kill notices. */
final class LyingChild extends KillChild {

  /** What it lies about. */
  enum Lie {
    ACKNOWLEDGES_BEFORE_THE_PUT(StoreMode.DURABLE, "key"),
    LOSES_THE_LOG(StoreMode.DURABLE, "key"),
    PUTS_AN_OLD_VERSION(StoreMode.DURABLE, "has version"),
    FORGETS_DELETES(StoreMode.DURABLE, "has version"),
    PUTS_WHAT_NOBODY_MEANT(StoreMode.DURABLE, "never put"),
    PUTS_AN_OLD_VERSION_WHILE_OTHERS_READ(StoreMode.DURABLE, "before it was killed", "has version"),
    DOES_NOT_SYNC(StoreMode.CACHE, "key"),
    FORGETS_DELETES_OF_A_CACHE(StoreMode.CACHE, "has version"),
    LOSES_ITS_SEGMENTS(StoreMode.CACHE, "key");

    final StoreMode mode;

    /** What gives it away: a reader before the kill, or the check after it, whichever is faster. */
    private final String fault;

    private final String otherFault;

    Lie(StoreMode mode, String fault) {
      this(mode, fault, fault);
    }

    Lie(StoreMode mode, String fault, String otherFault) {
      this.mode = mode;
      this.fault = fault;
      this.otherFault = otherFault;
    }

    boolean isGivenAwayBy(String message) {
      return message.contains(fault) || message.contains(otherFault);
    }
  }

  private static final int SELDOM = 10;
  private static final int BEGUN_LOG = 50;

  private final Lie lie;
  private final AtomicInteger puts = new AtomicInteger();
  private Path directory = Path.of("");

  private LyingChild(String[] arguments) throws IOException {
    super(arguments);
    this.lie = Lie.valueOf(arguments[arguments.length - 1]);
  }

  public static void main(String[] arguments) throws IOException {
    new LyingChild(arguments).run();
  }

  @Override
  void beforeOpening(Path store) {
    directory = store;
    if (lie == Lie.LOSES_ITS_SEGMENTS) {
      deleteFiles("segments");
    }
  }

  private void deleteFiles(String name) {
    try {
      for (Path file : Trees.files(directory.resolve(name))) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  void startReading(BlobStore store) {
    if (lie == Lie.PUTS_AN_OLD_VERSION_WHILE_OTHERS_READ) {
      super.startReading(store);
    }
  }

  @Override
  void put(BlobStore store, int key, long version, byte[] value) {
    switch (lie) {
      case ACKNOWLEDGES_BEFORE_THE_PUT -> {
        say(Line.ACKNOWLEDGED, key, version);
        super.put(store, key, version, value);
      }
      case LOSES_THE_LOG -> {
        super.put(store, key, version, value);
        if (puts.incrementAndGet() == BEGUN_LOG) {
          deleteFiles("wal");
          Runtime.getRuntime().halt(ChildJvm.KILLED);
        }
      }
      case PUTS_AN_OLD_VERSION, PUTS_AN_OLD_VERSION_WHILE_OTHERS_READ -> {
        byte[] before = version % SELDOM == 0 ? store.get(Writes.key(key)) : null;
        super.put(store, key, version, before == null ? value : before);
      }
      case PUTS_WHAT_NOBODY_MEANT -> {
        value[value.length - 1] ^= (byte) (version % SELDOM == 0 ? 1 : 0);
        super.put(store, key, version, value);
      }
      default -> super.put(store, key, version, value);
    }
  }

  @Override
  void delete(BlobStore store, int key, long version) {
    if (lie != Lie.FORGETS_DELETES && lie != Lie.FORGETS_DELETES_OF_A_CACHE) {
      super.delete(store, key, version);
    }
  }

  @Override
  void sync(BlobStore store, long number) {
    if (lie != Lie.DOES_NOT_SYNC) {
      super.sync(store, number);
    }
  }
}
