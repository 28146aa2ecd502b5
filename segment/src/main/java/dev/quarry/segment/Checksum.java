package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C (Castagnoli, RFC 3720) with one calculator a thread, so that a hot path allocates none.
 */
public final class Checksum {

  private static final ThreadLocal<CRC32C> CRC = ThreadLocal.withInitial(CRC32C::new);

  private Checksum() {}

  /** The checksum of {@code length} bytes of an array. */
  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = CRC.get();
    crc.reset();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }

  /** The checksum of all that remains of a buffer, whose position moves to its limit. */
  public static int of(ByteBuffer bytes) {
    CRC32C crc = CRC.get();
    crc.reset();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** The checksum of what remains of two buffers, one after the other; both are used up. */
  public static int of(ByteBuffer first, ByteBuffer second) {
    CRC32C crc = CRC.get();
    crc.reset();
    crc.update(first);
    crc.update(second);
    return (int) crc.getValue();
  }
}
