package dev.quarry;

import static dev.quarry.StoreFixture.ROOT;
import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.value;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.KeyHash;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Xxh3KeyHash;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys whose hashes are equal: a read gives the key's own value or an error, never another's. */
class HashCollisionTest {

  private static final int KEYS = 40;

  @TempDir Path directory;

  /** Sixteen hashes, spread over all the bits that index and filter choose by. */
  private static KeyHash fourBits(long seed) {
    KeyHash whole = new Xxh3KeyHash(seed);
    return (key, hash) -> {
      whole.hash(key, hash);
      long few = hash[0] & 15;
      hash[0] = (few + 1) * 0x9E3779B97F4A7C15L;
      hash[1] = (few + 1) * 0xC2B2AE3D27D4EB4FL;
    };
  }

  private static Environment colliding(SimulatedDisk disk) {
    return new Environment(disk, HashCollisionTest::fourBits, TestStores.inline(disk).background());
  }

  /** What a read gave, or that it was refused. */
  private static <T> @Nullable Object outcome(Callable<T> read) throws Exception {
    try {
      return read.call();
    } catch (CorruptionException e) {
      assertTrue(e.getMessage().contains("another key"), e.getMessage());
      return e;
    }
  }

  /** A value that says whose it is, in its first four bytes. */
  private static byte[] valueOf(int number, int round, int length) {
    byte[] value = value(round, length);
    System.arraycopy(key(number), 0, value, 0, 4);
    return value;
  }

  private static void assertOwn(BlobStore store, int number, List<byte[]> everPut)
      throws Exception {
    byte[] key = key(number);
    if (outcome(() -> store.get(key)) instanceof byte[] value) {
      assertArrayEquals(key, Arrays.copyOf(value, 4));
      assertTrue(everPut.stream().anyMatch(put -> Arrays.equals(put, value)));
    }
    ByteBuffer copy = ByteBuffer.allocate(200_000);
    if (outcome(() -> store.get(key, copy)) instanceof Integer length && length >= 0) {
      assertArrayEquals(key, Arrays.copyOf(copy.array(), 4));
    }
    if (outcome(() -> store.view(key)) instanceof Blob blob) {
      try (blob) {
        byte[] start = new byte[4];
        blob.buffer().get(start);
        assertArrayEquals(key, start);
      }
    }
    outcome(() -> store.contains(key));
  }

  @ParameterizedTest
  @EnumSource
  void noKeyEverGetsTheValueOfAnother(StoreMode mode) throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    Random random = new Random(1);
    List<List<byte[]>> everPut = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      everPut.add(new ArrayList<>());
    }
    for (int opening = 0; opening < 3; opening++) {
      try (BlobStore store = BlobStore.open(ROOT, StoreFixture.options(mode), colliding(disk))) {
        for (int round = 0; round < 120; round++) {
          int number = random.nextInt(KEYS);
          if (random.nextInt(4) == 0) {
            outcome(() -> store.delete(key(number)));
          } else {
            int length = 4 + random.nextInt(random.nextInt(10) == 0 ? 90_000 : 5_000);
            byte[] value = valueOf(number, round, length);
            everPut.get(number).add(value);
            store.put(key(number), value);
            assertArrayEquals(value, store.get(key(number)), "the newest of a hash is readable");
          }
          int other = random.nextInt(KEYS);
          assertOwn(store, other, everPut.get(other));
        }
        for (int i = 0; i < KEYS; i++) {
          assertOwn(store, i, everPut.get(i));
        }
      }
    }
  }

  @Test
  void aListingHoldsNoKeyWhosePlaceAnotherHasTaken() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    try (BlobStore store = BlobStore.open(directory, StoreFixture.CACHE, colliding(disk))) {
      for (int i = 0; i < KEYS; i++) {
        store.put(key(i), valueOf(i, i, 4_000));
      }
      List<String> readable = new ArrayList<>();
      for (int i = 0; i < KEYS; i++) {
        byte[] key = key(i);
        if (outcome(() -> store.get(key)) instanceof byte[]) {
          readable.add(Arrays.toString(key));
        }
      }
      assertTrue(readable.size() < KEYS);
      assertEquals(readable, StoreFixture.keys(store, KeyRange.all()));
    }
  }
}
