package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Survival;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Crashes, failures and interrupts at every call of a put of a file or a stream. */
@Tag("slow")
class SourceCrashTest {

  private static final byte[] KEY = key(1);
  private static final byte[] OLD = value(9, 700);
  private static final int[] LENGTHS = {3_000, 100_000, 1_200_000};

  @TempDir Path directory;

  /** One put of a value, by stream or by file, into a store that has an old value. */
  private final class Attempt {

    final SimulatedDisk disk;
    final StoreMode mode;
    final byte[] value;
    final boolean fromFile;
    final BlobStore store;

    /** Counts down to the call of a file that is cut short by an interrupt. */
    int interruptFileCall = Integer.MAX_VALUE;

    Attempt(StoreMode mode, int length, boolean fromFile, long seed) throws IOException {
      this.disk = new SimulatedDisk(seed);
      this.mode = mode;
      this.value = value(2, length);
      this.fromFile = fromFile;
      this.store = StoreFixture.open(interrupting(), StoreFixture.options(mode));
      store.put(KEY, OLD);
      store.sync();
      Files.write(file(), value);
    }

    private Disk interrupting() {
      return new ForwardingDisk(disk) {
        @Override
        public DiskFile create(Path path) throws IOException {
          return interrupting(super.create(path));
        }

        @Override
        public DiskFile open(Path path) throws IOException {
          return interrupting(super.open(path));
        }
      };
    }

    private DiskFile interrupting(DiskFile file) {
      return new ForwardingDisk.ForwardingFile(file) {
        private void count() {
          if (--interruptFileCall == 0) {
            disk.failAfter(1, () -> new DiskInterruptedException("planted", null));
          }
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
          count();
          super.write(source, position);
        }

        @Override
        public void force() throws IOException {
          count();
          super.force();
        }
      };
    }

    Path file() {
      return directory.resolve("file");
    }

    void put() throws IOException {
      if (fromFile) {
        store.put(KEY, file());
      } else {
        store.put(KEY, new ByteArrayInputStream(value));
      }
    }

    /**
     * What a crash leaves is one of the two values, the new one if it was acknowledged. A cache may
     * lose a short value that it acknowledged, and with it the one that it replaced.
     */
    void checkAfterCrash(boolean acknowledged) throws IOException {
      for (Survival survival : Survival.values()) {
        SimulatedDisk after = disk.afterCrash(survival, 7);
        try (BlobStore recovered = StoreFixture.open(after, StoreFixture.options(mode))) {
          byte[] found = recovered.get(KEY);
          boolean isNew = Arrays.equals(found, value);
          boolean cache = mode == StoreMode.CACHE;
          boolean mayBeOld = !acknowledged || (cache && value.length == LENGTHS[0]);
          boolean isOld = Arrays.equals(found, OLD) || (cache && found == null);
          assertTrue(isNew || (mayBeOld && isOld), survival::toString);
          StoreInvariants.check(recovered, after, ROOT);
          assertTrue(
              after.list(ROOT.resolve("segments")).stream().noneMatch(n -> n.endsWith(".tmp")));
        }
      }
    }

    void closeQuietly() {
      try {
        store.close();
      } catch (SimulatedCrashException | BlobStoreException e) {
        // it has crashed or failed, which it says again
      }
    }
  }

  private interface Case {
    /** Returns false when no call was left to be hit. */
    boolean tryCall(Attempt attempt, int call) throws IOException;
  }

  private void forEveryCall(StoreMode mode, Case each) throws IOException {
    for (int length : LENGTHS) {
      for (boolean fromFile : new boolean[] {false, true}) {
        for (int call = 1; ; call++) {
          Attempt attempt = new Attempt(mode, length, fromFile, call);
          boolean hit = each.tryCall(attempt, call);
          attempt.closeQuietly();
          assertEquals(0, attempt.disk.openHandles().size());
          if (!hit) {
            assertTrue(call > 1 || mode == StoreMode.CACHE);
            break;
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCrashAtAnyCallLeavesTheOldOrTheNewValue(StoreMode mode) throws IOException {
    forEveryCall(
        mode,
        (attempt, call) -> {
          attempt.disk.crashAfter(call);
          try {
            attempt.put();
          } catch (SimulatedCrashException | StoreFailedException e) {
            attempt.checkAfterCrash(false);
            return true;
          }
          attempt.checkAfterCrash(true);
          return false;
        });
  }

  @ParameterizedTest
  @EnumSource
  void aFailureOfTheDiskLatchesAndLosesNothing(StoreMode mode) throws IOException {
    forEveryCall(
        mode,
        (attempt, call) -> {
          long last = attempt.disk.ioCalls() + call;
          attempt.disk.failAt(last, () -> new IOException("planted"));
          if (putSucceeds(attempt)) {
            attempt.checkAfterCrash(true);
            return false;
          }
          assertTrue(attempt.store.stats().failure() != null);
          assertArrayEquals(OLD, attempt.store.get(KEY));
          attempt.checkAfterCrash(false);
          return true;
        });
  }

  private static boolean putSucceeds(Attempt attempt) throws IOException {
    try {
      attempt.put();
      return true;
    } catch (StoreFailedException e) {
      return false;
    }
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptAtAnyCallGoesUnnoticed(StoreMode mode) throws IOException {
    forEveryCall(
        mode,
        (attempt, call) -> {
          attempt.interruptFileCall = call;
          attempt.put();
          assertNull(attempt.store.stats().failure());
          assertArrayEquals(attempt.value, attempt.store.get(KEY));
          attempt.checkAfterCrash(true);
          return attempt.interruptFileCall <= 0;
        });
  }

  /** The source fails after some of its bytes were written; then the power fails. */
  @ParameterizedTest
  @EnumSource
  void aSourceThatFailsLeavesTheOldValueWhateverCrashComes(StoreMode mode) throws IOException {
    for (int call = 0; call < 8; call++) {
      Attempt attempt = new Attempt(mode, 1_200_000, false, call);
      if (call > 0) {
        attempt.disk.crashAfter(call);
      }
      ByteArrayInputStream broken =
          new ByteArrayInputStream(attempt.value) {
            @Override
            public synchronized int read(byte[] bytes, int offset, int length) {
              int read = super.read(bytes, offset, length);
              if (read < 0) {
                throw new IllegalStateException("broken");
              }
              return read;
            }
          };
      assertThrows(Throwable.class, () -> attempt.store.put(KEY, broken));
      attempt.checkAfterCrash(false);
      attempt.closeQuietly();
    }
  }
}
