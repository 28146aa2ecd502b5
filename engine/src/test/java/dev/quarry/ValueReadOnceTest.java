package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Callers who change what they handed in while it is put: what was acknowledged can be read. */
class ValueReadOnceTest {

  private static final int LARGE = 2_500_000;
  private static final byte[] KEY = key(1);

  private final SimulatedDisk disk = new SimulatedDisk(1);

  /** A disk before each of whose writes to a temporary file something happens. */
  private static Disk beforeWrites(Disk disk, Runnable action) {
    return new ForwardingDisk(disk) {
      @Override
      public DiskFile create(Path path) throws IOException {
        DiskFile file = super.create(path);
        if (!path.toString().endsWith(".tmp")) {
          return file;
        }
        return new ForwardingFile(file) {
          @Override
          public void write(ByteBuffer source, long position) throws IOException {
            action.run();
            super.write(source, position);
          }
        };
      }
    };
  }

  private void assertReadable(BlobStore store, int length, StoreMode mode) {
    byte[] value = store.get(KEY);
    assertNotNull(value);
    assertEquals(length, value.length);
    store.close();
    try (BlobStore reopened = StoreFixture.open(disk, StoreFixture.options(mode))) {
      assertArrayEquals(value, reopened.get(KEY));
      assertEquals(1, reopened.stats().keys());
      StoreInvariants.check(reopened);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLargeBufferThatChangesBetweenWritesIsStoredAsItWasRead(StoreMode mode) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(LARGE);
    int[] writes = new int[1];
    Disk changing =
        beforeWrites(
            disk,
            () -> {
              writes[0]++;
              for (int i = 0; i < LARGE; i += 100) {
                buffer.put(i, (byte) writes[0]);
              }
            });
    BlobStore store = StoreFixture.open(changing, StoreFixture.options(mode));
    store.put(KEY, buffer);
    assertReadable(store, LARGE, mode);
  }

  @ParameterizedTest
  @EnumSource
  void aLargeArrayThatChangesBetweenWritesIsStoredAsItWasRead(StoreMode mode) {
    byte[] array = new byte[LARGE];
    int[] writes = new int[1];
    Disk changing = beforeWrites(disk, () -> Arrays.fill(array, (byte) ++writes[0]));
    BlobStore store = StoreFixture.open(changing, StoreFixture.options(mode));
    store.put(KEY, array);
    assertReadable(store, LARGE, mode);
  }

  @ParameterizedTest
  @EnumSource
  void theKeyOfALargeValueIsTheOneThatWasHandedIn(StoreMode mode) {
    byte[] changing = KEY.clone();
    Disk mutating = beforeWrites(disk, () -> changing[0]++);
    BlobStore store = StoreFixture.open(mutating, StoreFixture.options(mode));
    changing[0] = KEY[0]; // which opening the store has changed, too
    store.put(changing, value(1, LARGE));
    assertReadable(store, LARGE, mode);
  }

  /** A hash that changes the caller's key, once, before it looks at what it is to hash. */
  private static final class ChangingHash implements KeyHash {

    private final KeyHash hash = new Xxh3KeyHash(1);
    private final byte[] callers;
    private int calls = -1;

    ChangingHash(byte[] callers) {
      this.callers = callers;
    }

    void changeBeforeCall(int number) {
      calls = number;
    }

    @Override
    public void hash(byte[] key, long[] result) {
      if (calls >= 0 && --calls == 0) {
        callers[0]++;
      }
      hash.hash(key, result);
    }
  }

  private BlobStore open(StoreMode mode, KeyHash hash) {
    Environment inline = TestStores.inline(disk);
    return BlobStore.open(
        ROOT,
        StoreFixture.options(mode),
        new Environment(disk, seed -> hash, inline.background(), inline.evictions()));
  }

  @ParameterizedTest
  @EnumSource
  void aRecordIsPublishedUnderTheKeyThatWasWritten(StoreMode mode) {
    byte[] callers = KEY.clone();
    ChangingHash hash = new ChangingHash(callers);
    try (BlobStore store = open(mode, hash)) {
      hash.changeBeforeCall(1);
      store.put(callers, value(1, 100));
      assertEquals(KEY[0] + 1, callers[0]);
      assertArrayEquals(value(1, 100), store.get(KEY));
      assertNull(store.get(callers));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTombstoneIsPublishedUnderTheKeyThatWasWritten(StoreMode mode) {
    byte[] callers = KEY.clone();
    ChangingHash hash = new ChangingHash(callers);
    try (BlobStore store = open(mode, hash)) {
      store.put(KEY, value(1, 100));
      hash.changeBeforeCall(2); // the first looks whether there is anything to delete
      store.delete(callers);
      assertEquals(KEY[0] + 1, callers[0]);
      assertNull(store.get(KEY));
    }
  }

  @Test
  void aKeyThatChangesWhileItIsLookedUpIsTheCallersFaultAndNoDamage() {
    byte[] callers = KEY.clone();
    KeyHash hash = new Xxh3KeyHash(1);
    boolean[] armed = new boolean[1];
    KeyHash changing =
        (bytes, result) -> {
          hash.hash(bytes, result);
          if (armed[0]) {
            armed[0] = false;
            callers[0]++;
          }
        };
    try (BlobStore store = open(StoreMode.DURABLE, changing)) {
      store.put(KEY, value(1, 100));
      for (Runnable call :
          new Runnable[] {
            () -> store.get(callers), () -> store.contains(callers), () -> store.delete(callers)
          }) {
        callers[0] = KEY[0];
        armed[0] = true;
        assertThrows(IllegalArgumentException.class, call::run);
      }
      assertArrayEquals(value(1, 100), store.get(KEY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatAnotherThreadScribblesOverIsReadableWhateverItsLength(StoreMode mode) throws Exception {
    AtomicBoolean ended = new AtomicBoolean();
    int[] lengths = {3, 900, 30_000, 70_000, 90_000, 400_000};
    byte[] array = new byte[400_000];
    ByteBuffer direct = ByteBuffer.allocateDirect(array.length);
    Thread scribbler =
        new Thread(
            () -> {
              for (int i = 0; !ended.get(); i++) {
                int at = (i * 7919 & Integer.MAX_VALUE) % lengths[i & 3];
                array[at] = (byte) i;
                direct.put(at, (byte) i);
              }
            });
    scribbler.start();
    try (BlobStore store = StoreFixture.open(disk, StoreFixture.options(mode))) {
      for (int round = 0; round < 60; round++) {
        int length = lengths[round % lengths.length];
        store.put(key(round), direct.slice(0, length));
        assertEquals(length, store.get(key(round)).length);
        store.put(key(round), ByteBuffer.wrap(array, 0, length));
        assertEquals(length, store.get(key(round)).length);
      }
      StoreInvariants.check(store);
    } finally {
      ended.set(true);
      scribbler.join();
    }
  }

  /** The limit is lowered between the look at what remains and the copy: no record is left. */
  @ParameterizedTest
  @EnumSource
  void aBufferWhoseLimitChangesIsRefusedAndLeavesTheStoreUsable(StoreMode mode) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocateDirect(300_000);
    AtomicBoolean ended = new AtomicBoolean();
    Thread other =
        new Thread(
            () -> {
              while (!ended.get()) {
                buffer.limit(10);
                buffer.limit(300_000);
              }
            });
    other.start();
    try (BlobStore store = StoreFixture.open(disk, StoreFixture.options(mode))) {
      for (int i = 0; i < 300; i++) {
        try {
          store.put(KEY, buffer);
          assertNotNull(store.get(KEY));
        } catch (IndexOutOfBoundsException e) {
          // the caller's fault
        }
      }
      assertNull(store.stats().failure());
      store.put(KEY, value(1, 10));
      assertArrayEquals(value(1, 10), store.get(KEY));
    } finally {
      ended.set(true);
      other.join();
    }
  }
}
