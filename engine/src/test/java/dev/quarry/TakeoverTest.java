package dev.quarry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.LockLostException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.StoreLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Another process opens a store that is open, as the system has dropped the first one's lock. It
 * does so just before each of the calls that look at the lock: the first process then changes
 * nothing any more, and what it acknowledged the other one has.
 */
@Tag("slow")
class TakeoverTest {

  private static final Path ROOT = Path.of("/store");
  private static final int OPERATIONS = 60;
  private static final int KEYS = 12;

  /** A disk on which something happens just before the lock is looked at for the nth time. */
  private static final class WatchedDisk extends ForwardingDisk {

    private final Runnable event;
    private int left;

    WatchedDisk(Disk disk, int looks, Runnable event) {
      super(disk);
      this.left = looks;
      this.event = event;
    }

    private void look() {
      if (--left == 0) {
        event.run();
      }
    }

    @Override
    public StoreLock lock(Path file) throws IOException {
      StoreLock lock = super.lock(file);
      return new StoreLock() {
        @Override
        public void check() throws IOException {
          look();
          lock.check();
        }

        @Override
        public void renew() throws IOException {
          look();
          lock.renew();
        }

        @Override
        public void close() throws IOException {
          lock.close();
        }
      };
    }
  }

  /** One takeover. */
  private static final class Takeover {

    private final StoreMode mode;
    private final SimulatedDisk disk;
    private final WatchedDisk watched;
    private final BlobStoreOptions options;
    private final Random random = new Random(1);
    private final Map<Integer, byte @Nullable []> acknowledged = new HashMap<>();
    private @Nullable BlobStore other;
    private long callsThen;
    private int doubtful = -1;

    Takeover(StoreMode mode, int looks) {
      this.mode = mode;
      this.disk = new SimulatedDisk(looks);
      this.watched = new WatchedDisk(disk, looks, this::open);
      this.options = TestStores.busy(mode, new Random(7));
    }

    private void open() {
      disk.dropLocks();
      BlobStore opened = BlobStore.open(ROOT, options, TestStores.inline(disk));
      opened.put(bytes("theirs"), bytes("is there"));
      callsThen = disk.ioCalls();
      other = opened;
    }

    /** Whether the other process came at all. */
    boolean run() throws IOException {
      try {
        BlobStore first = BlobStore.open(ROOT, options, TestStores.inline(watched));
        use(first);
        close(first);
      } catch (StoreFailedException e) {
        assertNoticed(e); // in its opening
      }
      if (other == null) {
        return false;
      }
      assertEquals(callsThen, disk.ioCalls(), () -> "changed later: " + disk.history());
      try (BlobStore store = other) {
        check(store);
        store.put(bytes("more"), bytes("of it"));
      }
      try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
        check(store);
        assertEquals(0, store.stats().damagedFiles());
        StoreInvariants.check(store);
      }
      assertTrue(disk.openHandles().isEmpty(), () -> disk.openHandles().toString());
      return true;
    }

    private void use(BlobStore first) {
      for (int i = 0; i < OPERATIONS; i++) {
        boolean over = other != null;
        int key = random.nextInt(KEYS);
        byte[] value = i % 5 == 0 ? null : new byte[i % 7 == 0 ? 100_000 : random.nextInt(20_000)];
        if (value != null) {
          random.nextBytes(value);
        }
        try {
          if (value == null) {
            first.delete(key(key));
          } else {
            first.put(key(key), value);
          }
          assertFalse(
              over && mode == StoreMode.DURABLE && value != null, "nothing is acknowledged");
          acknowledged.put(key, value);
        } catch (StoreFailedException e) {
          assertNoticed(e);
          if (!over) {
            doubtful = key; // it was under way, and may be there or not
          }
        }
      }
    }

    private void close(BlobStore first) {
      try {
        first.close();
      } catch (StoreFailedException e) {
        assertNoticed(e);
      }
    }

    private void assertNoticed(StoreFailedException e) {
      assertTrue(other != null, () -> e.toString());
      assertTrue(e.getMessage().contains("another process has opened the store"), e.getMessage());
      assertTrue(e.getMessage().contains(ROOT.resolve("LOCK").toString()), e.getMessage());
    }

    private void check(BlobStore store) {
      assertArrayEquals(bytes("is there"), store.get(bytes("theirs")));
      if (mode == StoreMode.CACHE) {
        return;
      }
      for (Map.Entry<Integer, byte @Nullable []> entry : acknowledged.entrySet()) {
        byte[] found = store.get(key(entry.getKey()));
        if (entry.getKey() != doubtful) {
          assertArrayEquals(entry.getValue(), found, "key " + entry.getKey());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStoreThatAnotherProcessHasOpenedChangesNothingAnyMore(StoreMode mode) throws IOException {
    int looks = 0;
    boolean came;
    do {
      came = new Takeover(mode, ++looks).run();
    } while (came);
    assertTrue(looks > 20, "only " + looks);
  }

  @ParameterizedTest
  @EnumSource
  void aLockThatWasDroppedIsHeldAgainAsSoonAsAFileIsCreated(StoreMode mode) {
    SimulatedDisk disk = new SimulatedDisk(3);
    BlobStoreOptions options = TestStores.small(mode);
    try (BlobStore store = BlobStore.open(ROOT, options, TestStores.inline(disk))) {
      disk.dropLocks();
      for (int i = 0; i < 10; i++) {
        store.put(key(i), new byte[20_000]);
      }
      assertThrows(
          StoreLockedException.class, () -> BlobStore.open(ROOT, options, TestStores.inline(disk)));
    }
  }

  @Test
  void aLockThatWasLostStaysSo() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(4);
    OneWriterDisk first = new OneWriterDisk(disk);
    disk.createDirectories(ROOT);
    try (StoreLock lock = first.lock(ROOT.resolve("LOCK"))) {
      disk.dropLocks();
      disk.lock(ROOT.resolve("LOCK")).close();
      assertThrows(LockLostException.class, lock::check);
      assertThrows(LockLostException.class, () -> first.create(ROOT.resolve("file")));
      assertThrows(LockLostException.class, () -> first.delete(ROOT.resolve("LOCK")));
      assertEquals(List.of("LOCK"), disk.list(ROOT));
    }
  }

  /** What changes a directory or a file, by its name. */
  private static Stream<Named<Change>> changes() {
    Path old = ROOT.resolve("old");
    return Stream.of(
        Named.of("create", (disk, file) -> disk.create(ROOT.resolve("new"))),
        Named.of("open", (disk, file) -> disk.open(old)),
        Named.of("rename", (disk, file) -> disk.rename(old, ROOT.resolve("new"))),
        Named.of("delete", (disk, file) -> disk.delete(old)),
        Named.of("createDirectories", (disk, file) -> disk.createDirectories(ROOT.resolve("d"))),
        Named.of("syncDirectory", (disk, file) -> disk.syncDirectory(ROOT)),
        Named.of("write", (disk, file) -> file.write(ByteBuffer.allocateDirect(4096), 0)),
        Named.of("truncate", (disk, file) -> file.truncate(0)),
        Named.of("force", (disk, file) -> file.force()));
  }

  /** A call that changes something. */
  @FunctionalInterface
  private interface Change {
    void make(Disk disk, DiskFile file) throws IOException;
  }

  @ParameterizedTest
  @MethodSource("changes")
  void everyCallThatChangesSomethingLooksAtTheLock(Change change) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(6);
    OneWriterDisk first = new OneWriterDisk(disk);
    disk.createDirectories(ROOT);
    Path lockFile = ROOT.resolve("LOCK");
    try (StoreLock lock = first.lock(lockFile);
        DiskFile file = first.create(ROOT.resolve("old"))) {
      lock.check();
      disk.dropLocks();
      disk.lock(lockFile).close();
      assertThrows(LockLostException.class, () -> change.make(first, file));
      assertEquals(List.of("LOCK", "old"), disk.list(ROOT).stream().sorted().toList());
    }
  }

  @Test
  void aSyncDuringWhichAnotherProcessCameSaysSo() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(5);
    disk.createDirectories(ROOT);
    Path lockFile = ROOT.resolve("LOCK");
    OneWriterDisk first =
        new OneWriterDisk(
            new ForwardingDisk(disk) {
              @Override
              public DiskFile create(Path file) throws IOException {
                return new ForwardingFile(super.create(file)) {
                  @Override
                  public void force() throws IOException {
                    super.force();
                    disk.dropLocks();
                    disk.lock(lockFile).close();
                  }
                };
              }
            });
    try (StoreLock lock = first.lock(lockFile);
        DiskFile file = first.create(ROOT.resolve("file"))) {
      lock.check();
      assertThrows(LockLostException.class, file::force);
    }
  }

  private static byte[] key(int number) {
    return bytes("key " + number);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
