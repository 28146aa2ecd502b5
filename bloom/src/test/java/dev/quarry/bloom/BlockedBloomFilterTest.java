package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BlockedBloomFilterTest {

  private static final long CHUNK_BITS = 64L * 1024 * 1024 * 8;

  @Property
  void everyAddedKeyIsContained(
      @ForAll @Size(min = 1, max = 300) List<Long> halves, @ForAll @IntRange(min = 1) int bits) {
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits(1 + bits % 100_000, 100);
    for (int i = 0; i < halves.size(); i++) {
      filter.add(halves.get(i), halves.get(halves.size() - 1 - i));
    }
    for (int i = 0; i < halves.size(); i++) {
      assertTrue(filter.mightContain(halves.get(i), halves.get(halves.size() - 1 - i)));
    }
  }

  @Test
  void anEmptyFilterContainsNothing() {
    BlockedBloomFilter filter = BlockedBloomFilter.forKeys(1000, 0.01);
    for (long key = 0; key < 1000; key++) {
      assertFalse(filter.mightContain(Hashes.low(key), Hashes.high(key)));
    }
  }

  @Test
  void aKeyOwnsOneBitInEachOfEightLongs() {
    long low = 0x0000_123456789ABCL;
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits(512, 1);
    filter.add(low, 0);
    for (int bit = 0; bit < 48; bit++) {
      assertFalse(filter.mightContain(low ^ (1L << bit), 0), "bit " + bit);
    }
  }

  @Test
  void onlyTheLower48BitsOfTheLowAndTheUpper32OfTheHighHalfMatter() {
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits(512 * 1000, 1000);
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      long low = random.nextLong();
      long high = random.nextLong();
      filter.add(low & 0x0000_FFFF_FFFF_FFFFL, high & 0xFFFF_FFFF_0000_0000L);
      assertTrue(filter.mightContain(low, high));
    }
    assertEquals(1000, filter.keysAdded());
  }

  @Test
  void upper32BitsOfTheHighHalfSpreadOverAllBlocks() {
    int blocks = 1000;
    for (int block = 0; block < blocks; block++) {
      BlockedBloomFilter filter = BlockedBloomFilter.ofBits(512L * blocks, 1);
      long first = ((((long) block << 32) + blocks - 1) / blocks) << 32;
      long last = (((((long) block + 1) << 32) - 1) / blocks) << 32;
      filter.add(42, first);
      assertTrue(filter.mightContain(42, last), "block " + block);
      assertFalse(filter.mightContain(42, first - 1), "before block " + block);
      assertFalse(filter.mightContain(42, last + (1L << 32)), "after block " + block);
    }
  }

  @Test
  void aFilterOfSeveralChunksKeepsEveryKeyApart() {
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits(2 * CHUNK_BITS + 512, 1_000_000);
    for (long high32 = 0; high32 < 1L << 32; high32 += 1L << 20) {
      assertFalse(filter.mightContain(7, high32 << 32));
      filter.add(7, high32 << 32);
      assertTrue(filter.mightContain(7, high32 << 32));
    }
    assertFalse(filter.mightContain(7, -1L));
    filter.add(7, -1L);
    assertEquals((1 << 12) + 1, filter.keysAdded());
    assertEquals(2 * CHUNK_BITS + 512, filter.bits());
  }

  @Test
  void accessorsTellTheSize() {
    BlockedBloomFilter sized = BlockedBloomFilter.forKeys(1_000_000, 0.01);
    assertEquals(1_000_000, sized.capacity());
    assertEquals(0.01, sized.rate());
    assertEquals(10.10, sized.bits() / 1e6, 0.01);
    assertEquals(sized.bits() / 8 + 64, sized.memoryBytes());
    assertEquals(0.01, sized.expectedRate(1_000_000), 1e-5);
    assertEquals(0, sized.expectedRate(0), 1e-13);
    assertTrue(sized.expectedRate(2_000_000) > 0.05);

    BlockedBloomFilter given = BlockedBloomFilter.ofBits(10_200_000, 1_000_000);
    assertEquals(10_200_000 / 512 * 512, given.bits());
    assertEquals(given.expectedRate(1_000_000), given.rate());
    assertEquals(512, BlockedBloomFilter.ofBits(1, 1).bits());
  }

  @Test
  void aKeyAddedTwiceCountsOnce() {
    BlockedBloomFilter filter = BlockedBloomFilter.forKeys(100, 0.001);
    for (int i = 0; i < 3; i++) {
      for (long key = 0; key < 10; key++) {
        filter.add(Hashes.low(key), Hashes.high(key));
      }
    }
    assertEquals(10, filter.keysAdded());
  }

  @Test
  void argumentsOutOfRangeAreRefused() {
    Class<IllegalArgumentException> refused = IllegalArgumentException.class;
    assertThrows(refused, () -> BlockedBloomFilter.forKeys(0, 0.01));
    assertThrows(refused, () -> BlockedBloomFilter.forKeys(-1, 0.01));
    assertThrows(refused, () -> BlockedBloomFilter.forKeys(100, 0));
    assertThrows(refused, () -> BlockedBloomFilter.forKeys(100, 0.6));
    assertThrows(refused, () -> BlockedBloomFilter.forKeys(Long.MAX_VALUE, 0.01));
    assertThrows(refused, () -> BlockedBloomFilter.ofBits(0, 1));
    assertThrows(refused, () -> BlockedBloomFilter.ofBits(512, 0));
    assertThrows(refused, () -> BlockedBloomFilter.ofBits(Long.MAX_VALUE, 1));
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits(512, 1);
    assertThrows(refused, () -> filter.expectedRate(-1));
  }

  @Test
  void aFilterMadeOfTheWordsOfAnotherIsTheSame() {
    BlockedBloomFilter filter = BlockedBloomFilter.ofBits(CHUNK_BITS + 5 * 512, 1_000);
    for (long key = 0; key < 1_000; key++) {
      filter.add(Hashes.low(key), Hashes.high(key));
    }
    AtomicLong next = new AtomicLong();
    BlockedBloomFilter copy =
        BlockedBloomFilter.ofWords(
            filter.words(),
            filter.capacity(),
            filter.keysAdded(),
            () -> filter.word(next.getAndIncrement()));
    assertEquals(filter.words(), next.get());
    assertEquals(filter.bits(), copy.bits());
    assertEquals(filter.capacity(), copy.capacity());
    assertEquals(filter.rate(), copy.rate());
    assertEquals(filter.keysAdded(), copy.keysAdded());
    for (long key = 0; key < 3_000; key++) {
      boolean expected = filter.mightContain(Hashes.low(key), Hashes.high(key));
      assertEquals(expected, copy.mightContain(Hashes.low(key), Hashes.high(key)), "key " + key);
    }
  }

  @Test
  void wordsThatAreNoFilterAreRefused() {
    for (long words : new long[] {Long.MIN_VALUE, -8, 0, 7, 12, Long.MAX_VALUE, 1L << 62}) {
      assertThrows(
          IllegalArgumentException.class, () -> BlockedBloomFilter.ofWords(words, 1, 0, () -> 0));
    }
    assertThrows(
        IllegalArgumentException.class, () -> BlockedBloomFilter.ofWords(8, 0, 0, () -> 0));
    assertThrows(
        IllegalArgumentException.class, () -> BlockedBloomFilter.ofWords(8, 1, -1, () -> 0));
  }
}
