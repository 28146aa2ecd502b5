package dev.quarry;

import static dev.quarry.StoreFixture.key;
import static dev.quarry.StoreFixture.putAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.KeyHash;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Xxh3KeyHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A listing that meets a lack holds every key all the same. */
class ListingAfterALackTest {

  private static final int KEYS = 300;

  /** A hash for which memory runs out, while it is told to, now and then. */
  private static final class ForgetfulHash implements KeyHash {

    private final KeyHash hash;
    private final AtomicBoolean isShort;
    private final Random random = new Random(1);

    ForgetfulHash(long seed, AtomicBoolean isShort) {
      this.hash = new Xxh3KeyHash(seed);
      this.isShort = isShort;
    }

    @Override
    public void hash(byte[] key, long[] result) {
      if (isShort.get() && random.nextInt(2) == 0) {
        throw new OutOfMemoryError("none for a hash");
      }
      hash.hash(key, result);
    }
  }

  private static List<String> list(BlobStore store) {
    List<String> keys = new ArrayList<>();
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        keys.add(Arrays.toString(cursor.key()));
      }
    }
    return keys;
  }

  @ParameterizedTest
  @EnumSource
  void aCursorForWhichMemoryRanOutGoesOnWithTheKeyItWasAt(StoreMode mode) {
    AtomicBoolean isShort = new AtomicBoolean();
    TestBed bed =
        TestBed.inline(new SimulatedDisk(1)).hashing(seed -> new ForgetfulHash(seed, isShort));
    try (BlobStore store = bed.open(StoreFixture.ROOT, StoreFixture.options(mode))) {
      putAll(store, 0, KEYS, 500);
      for (int i = 0; i < KEYS; i += 3) {
        store.delete(key(i));
      }
      List<String> expected = list(store);
      int refusals = 0;
      List<String> found = new ArrayList<>();
      try (KeyCursor cursor = store.keys(KeyRange.all())) {
        isShort.set(true);
        for (boolean more = true; more; ) {
          try {
            more = cursor.next();
            if (more) {
              found.add(Arrays.toString(cursor.key()));
            }
          } catch (ResourceExhaustedException e) {
            refusals++;
          }
        }
      } finally {
        isShort.set(false);
      }
      assertTrue(refusals > KEYS / 3, refusals + " refusals");
      assertEquals(expected, found);
    }
  }
}
