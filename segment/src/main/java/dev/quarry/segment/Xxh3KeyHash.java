package dev.quarry.segment;

import java.nio.ByteBuffer;
import net.openhft.hashing.Access;
import net.openhft.hashing.LongTupleHashFunction;

/**
 * The 128-bit XXH3 of a key (Collet, <a href="https://github.com/Cyan4973/xxHash">xxHash</a>), with
 * a seed. Safe for use by any number of threads.
 */
public final class Xxh3KeyHash implements KeyHash {

  private final LongTupleHashFunction function;

  public Xxh3KeyHash(long seed) {
    function = seed == 0 ? LongTupleHashFunction.xx128() : LongTupleHashFunction.xx128(seed);
  }

  @Override
  public void hash(byte[] key, long[] result) {
    function.hashBytes(key, result);
  }

  @Override
  public void hash(ByteBuffer key, long[] result) {
    function.hash(key, Access.toByteBuffer(), 0, key.limit(), result);
  }
}
