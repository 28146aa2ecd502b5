package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ChunkPoolTest {

  private final ChunkPool pool = new ChunkPool();

  @Test
  void chunksAreAlignedAndApart() {
    Set<Long> addresses = new HashSet<>();
    for (UnsafeBuffer chunk : pool.take(130)) {
      assertEquals(0, chunk.addressOffset() % BucketLayout.BUCKET_BYTES);
      assertEquals(ChunkPool.CHUNK_BYTES, chunk.capacity());
      addresses.add(chunk.addressOffset());
    }
    assertEquals(130, addresses.size());
    for (long address : addresses) {
      assertTrue(addresses.stream().noneMatch(a -> a > address && a < address + 16_384));
    }
  }

  @Test
  void memoryIsCountedWithItsPaddingAndReused() {
    assertEquals(0, pool.memoryBytes());
    UnsafeBuffer[] chunks = pool.take(4 + 8 + 16 + 32 + 1);
    long slabs = (4 + 8 + 16 + 32 + 64) * 16_384L + 5 * 128;
    assertEquals(slabs, pool.memoryBytes());
    pool.release(chunks);
    pool.take(4 + 8 + 16 + 32 + 64);
    assertEquals(slabs, pool.memoryBytes());
    pool.take(1);
    assertEquals(slabs + 1_048_576 + 128, pool.memoryBytes());
  }

  @Test
  void aReusedChunkIsEmptyAndItsVersionsGoOn() {
    UnsafeBuffer[] chunks = pool.take(1);
    long written = BucketLayout.occupy(7 * BucketLayout.VERSION_STEP, 3, true);
    chunks[0].putLong(128, written);
    pool.release(chunks);
    UnsafeBuffer again = pool.take(1)[0];
    assertEquals(chunks[0].addressOffset(), again.addressOffset());
    long header = again.getLong(128);
    assertTrue(header >>> 16 > written >>> 16);
    for (int slot = 0; slot < BucketLayout.SLOTS; slot++) {
      assertFalse(BucketLayout.isOccupied(header, slot));
    }
  }
}
