package dev.quarry.bloom;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.LongSupplier;

/**
 * A bloom filter in blocks of one cache line: a test touches 64 bytes, whatever the filter's size.
 *
 * <p><b>Layout (split 512).</b> A block is eight longs, and a key owns one bit in each. Of the
 * key's 128-bit hash,
 *
 * <ul>
 *   <li>the lower 48 bits of the low half are eight 6-bit fields; field i names the bit in long i,
 *   <li>the upper 32 bits of the high half choose the block: {@code ((high >>> 32) * blocks) >>>
 *       32}.
 * </ul>
 *
 * <p>Nothing else of the hash is used, so an index that keeps the low half and the upper 32 bits of
 * the high half can rebuild the filter, and one that splits itself in shards by the lower 32 bits
 * of the high half or the upper 16 of the low half chooses independently of it.
 *
 * <p><b>Threads.</b> Any number of threads may add and test at once, without locks. A test returns
 * true for every key whose {@link #add} happened before it (in the sense of the Java memory model).
 * Neither allocates.
 *
 * <p><b>Memory</b> is off the heap, aligned to 64 bytes and left to the garbage collector: it is
 * never freed by hand, so that a reader that still holds a filter which was replaced reads stale
 * bits at worst. It counts against the JVM's limit of direct memory.
 */
public final class BlockedBloomFilter {

  static final int LONGS_PER_BLOCK = 8;

  private static final int BLOCK_BYTES_LOG2 = 6;
  private static final int BLOCK_BYTES = 1 << BLOCK_BYTES_LOG2;
  private static final int BLOCK_BITS = BLOCK_BYTES * Byte.SIZE;

  /** Blocks in each chunk of memory but the last: 64 MiB, as one buffer ends at 2 GiB. */
  private static final int CHUNK_BLOCKS_LOG2 = 20;

  private static final int CHUNK_BLOCKS = 1 << CHUNK_BLOCKS_LOG2;

  /** 16 GiB. Beyond, the 32 bits that choose the block would spread visibly unevenly. */
  private static final long MAX_BLOCKS = 1L << 28;

  private static final VarHandle LONGS =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  // Constant.
  private final ByteBuffer[] chunks;
  private final long blocks;
  private final long capacity;
  private final double rate;

  // Self-synchronised.
  private final StripedCounter keysAdded = new StripedCounter();

  private BlockedBloomFilter(long blocks, long capacity, double rate) {
    if (blocks > MAX_BLOCKS) {
      throw new IllegalArgumentException(
          "a filter of " + blocks + " blocks of 64 bytes is over the limit of " + MAX_BLOCKS);
    }
    this.blocks = blocks;
    this.capacity = capacity;
    this.rate = rate;
    this.chunks = allocate(blocks);
  }

  /**
   * An empty filter as small as a number of keys and a false-positive rate allow: 10.10 bits per
   * key for 1 %, 15.73 for 0.1 %.
   *
   * @param expectedKeys distinct keys the filter is to hold, from 1
   * @param falsePositiveRate share of absent keys that test as present once that many keys are in,
   *     from 1e-5 to 0.5
   * @throws IllegalArgumentException if an argument is out of range or the filter would exceed 16
   *     GiB
   * @throws OutOfMemoryError if the JVM's limit of direct memory is reached
   */
  public static BlockedBloomFilter forKeys(long expectedKeys, double falsePositiveRate) {
    long blocks = blocks(expectedKeys, falsePositiveRate);
    return new BlockedBloomFilter(blocks, expectedKeys, falsePositiveRate);
  }

  /** Bytes of memory that {@link #forKeys} takes, under the same conditions. */
  public static long bytesFor(long expectedKeys, double falsePositiveRate) {
    long blocks = blocks(expectedKeys, falsePositiveRate);
    return (blocks + chunkCount(blocks)) * BLOCK_BYTES;
  }

  private static long blocks(long expectedKeys, double falsePositiveRate) {
    double keysPerBlock = Split512Model.keysPerBlock(falsePositiveRate);
    return (long) Math.ceil(checkKeys(expectedKeys) / keysPerBlock);
  }

  private static int chunkCount(long blocks) {
    return (int) ((blocks + CHUNK_BLOCKS - 1) >>> CHUNK_BLOCKS_LOG2);
  }

  /**
   * An empty filter of a given size; its rate follows from the number of keys.
   *
   * @param bits size, rounded down to whole blocks of 512 bits, but to one block at least
   * @param expectedKeys distinct keys the filter is to hold, from 1
   * @throws IllegalArgumentException if an argument is below 1 or the filter would exceed 16 GiB
   * @throws OutOfMemoryError if the JVM's limit of direct memory is reached
   */
  public static BlockedBloomFilter ofBits(long bits, long expectedKeys) {
    if (bits < 1) {
      throw new IllegalArgumentException("bits " + bits + " is below 1");
    }
    long blocks = Math.max(1, bits / BLOCK_BITS);
    double rate = Split512Model.rate((double) checkKeys(expectedKeys) / blocks);
    return new BlockedBloomFilter(blocks, expectedKeys, rate);
  }

  /**
   * A filter with the contents of another, which {@link #words} and {@link #word} gave.
   *
   * @param words number of longs, a positive multiple of 8
   * @param expectedKeys distinct keys the other was sized for, from 1
   * @param keysAdded what {@link #keysAdded} goes on from, from 0
   * @param source gives the longs, first to last
   * @throws IllegalArgumentException if a number is out of range or the filter would exceed 16 GiB
   * @throws OutOfMemoryError if the JVM's limit of direct memory is reached
   */
  public static BlockedBloomFilter ofWords(
      long words, long expectedKeys, long keysAdded, LongSupplier source) {
    if (words < LONGS_PER_BLOCK || words % LONGS_PER_BLOCK != 0) {
      throw new IllegalArgumentException("words " + words + " is not a positive multiple of 8");
    }
    if (keysAdded < 0) {
      throw new IllegalArgumentException("keys added " + keysAdded + " is below 0");
    }
    long blocks = words / LONGS_PER_BLOCK;
    double rate = Split512Model.rate((double) checkKeys(expectedKeys) / blocks);
    BlockedBloomFilter filter = new BlockedBloomFilter(blocks, expectedKeys, rate);
    for (long index = 0; index < words; index++) {
      LONGS.setOpaque(filter.chunkOfWord(index), offsetOfWord(index), source.getAsLong());
    }
    filter.keysAdded.add(keysAdded);
    return filter;
  }

  private static long checkKeys(long expectedKeys) {
    if (expectedKeys < 1) {
      throw new IllegalArgumentException("expected keys " + expectedKeys + " is below 1");
    }
    return expectedKeys;
  }

  private static ByteBuffer[] allocate(long blocks) {
    ByteBuffer[] chunks = new ByteBuffer[chunkCount(blocks)];
    for (int i = 0; i < chunks.length; i++) {
      long left = blocks - ((long) i << CHUNK_BLOCKS_LOG2);
      int bytes = (int) Math.min(CHUNK_BLOCKS, left) << BLOCK_BYTES_LOG2;
      // Java aligns direct memory to no more than 16 bytes: ask for a block more and cut it out.
      chunks[i] = ByteBuffer.allocateDirect(bytes + BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
    }
    return chunks;
  }

  /**
   * Adds a key by the two halves of its hash. An add that changes nothing, as that of a key which
   * is in already, writes nothing.
   */
  public void add(long low, long high) {
    long block = blockOf(high);
    ByteBuffer chunk = chunkOf(block);
    int offset = offsetOf(block);
    boolean changed = false;
    long fields = low;
    for (int end = offset + BLOCK_BYTES; offset < end; offset += Long.BYTES) {
      changed |= setBit(chunk, offset, 1L << fields); // A shift takes its lower 6 bits: the field.
      fields >>>= 6;
    }
    if (changed) {
      keysAdded.increment();
    }
  }

  /**
   * Sets a bit with one atomic or, unless it is set.
   *
   * <p>The read is an acquire, because an add that finds its bit set promises it to those who come
   * after it: it pairs with the (volatile) or of the thread that set the bit, which thereby happens
   * before all that follows this add.
   */
  private static boolean setBit(ByteBuffer chunk, int offset, long bit) {
    if (((long) LONGS.getAcquire(chunk, offset) & bit) != 0) {
      return false;
    }
    return ((long) LONGS.getAndBitwiseOr(chunk, offset, bit) & bit) == 0;
  }

  /**
   * Whether a key may be in, by the two halves of its hash: true for every key that is, and for
   * other keys at about the filter's rate.
   */
  public boolean mightContain(long low, long high) {
    long block = blockOf(high);
    ByteBuffer chunk = chunkOf(block);
    int offset = offsetOf(block);
    // Opaque reads suffice: bits are only ever set, by atomic ors, so a read that comes after one
    // of them in happens-before order sees it or a later value, which still has the bit. All eight
    // are read whatever the first say: it is one cache line, and an early exit is a branch that
    // is mispredicted every other time (22 ns a test instead of 16).
    long all =
        ((long) LONGS.getOpaque(chunk, offset) >>> low)
            & ((long) LONGS.getOpaque(chunk, offset + 8) >>> (low >>> 6))
            & ((long) LONGS.getOpaque(chunk, offset + 16) >>> (low >>> 12))
            & ((long) LONGS.getOpaque(chunk, offset + 24) >>> (low >>> 18))
            & ((long) LONGS.getOpaque(chunk, offset + 32) >>> (low >>> 24))
            & ((long) LONGS.getOpaque(chunk, offset + 40) >>> (low >>> 30))
            & ((long) LONGS.getOpaque(chunk, offset + 48) >>> (low >>> 36))
            & ((long) LONGS.getOpaque(chunk, offset + 56) >>> (low >>> 42));
    return (all & 1) != 0;
  }

  private long blockOf(long high) {
    return ((high >>> 32) * blocks) >>> 32;
  }

  private ByteBuffer chunkOf(long block) {
    return chunks[(int) (block >>> CHUNK_BLOCKS_LOG2)];
  }

  private static int offsetOf(long block) {
    return ((int) block & (CHUNK_BLOCKS - 1)) << BLOCK_BYTES_LOG2;
  }

  /** Size of the filter in bits, a multiple of 512. */
  public long bits() {
    return blocks * BLOCK_BITS;
  }

  /** Size of the filter in longs, a multiple of 8. */
  public long words() {
    return blocks * LONGS_PER_BLOCK;
  }

  /**
   * One long of the contents, which are an array of bits whatever the byte order of the processor.
   * Adds that run at the same time may or may not be in it.
   *
   * @param index from 0 to {@link #words} - 1
   */
  public long word(long index) {
    return (long) LONGS.getOpaque(chunkOfWord(index), offsetOfWord(index));
  }

  private ByteBuffer chunkOfWord(long index) {
    return chunkOf(index / LONGS_PER_BLOCK);
  }

  private static int offsetOfWord(long index) {
    return offsetOf(index / LONGS_PER_BLOCK) + (int) (index % LONGS_PER_BLOCK) * Long.BYTES;
  }

  /** Off-heap memory in bytes, with what aligning it costs. */
  public long memoryBytes() {
    return (blocks + chunks.length) * BLOCK_BYTES;
  }

  /** Distinct keys the filter was sized for. */
  public long capacity() {
    return capacity;
  }

  /** The false-positive rate the filter has when it holds {@link #capacity} keys. */
  public double rate() {
    return rate;
  }

  /**
   * Adds that changed the filter so far: the distinct keys added, less the few that were taken for
   * present. Repeated adds of one key count once, or a few times if they race. Adds that run at the
   * same time may or may not be in it.
   */
  public long keysAdded() {
    return keysAdded.sum();
  }

  /** The false-positive rate to be expected with a number of distinct keys in, from 0. */
  public double expectedRate(long keys) {
    if (keys < 0) {
      throw new IllegalArgumentException("keys " + keys + " is below 0");
    }
    return Split512Model.rate((double) keys / blocks);
  }
}
