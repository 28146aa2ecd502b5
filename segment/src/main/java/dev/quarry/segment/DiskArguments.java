package dev.quarry.segment;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;

/** What every {@link Disk} demands of its arguments; a fault is an IllegalArgumentException. */
final class DiskArguments {

  private DiskArguments() {}

  static void checkPosition(long position, int multiple) {
    if (position < 0 || position % multiple != 0) {
      throw new IllegalArgumentException(position + " is not a multiple of " + multiple);
    }
  }

  static void checkWrite(ByteBuffer source, long position) {
    checkPosition(position, Disk.BLOCK);
    if (!source.isDirect()) {
      throw new IllegalArgumentException("not off-heap: " + source);
    }
    checkPosition(source.remaining(), Disk.BLOCK);
    checkPosition(BufferUtil.address(source) + source.position(), Disk.BLOCK);
  }

  static void checkTruncate(long size, long present) {
    checkPosition(size, Disk.BLOCK);
    if (size > present) {
      throw new IllegalArgumentException("cannot cut " + present + " bytes to " + size);
    }
  }

  static void checkMap(long position, long length) {
    checkPosition(position, 1);
    if (length < 1 || length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("cannot map " + length + " bytes");
    }
  }
}
