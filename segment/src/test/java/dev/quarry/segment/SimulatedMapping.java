package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a part of a simulated file, off-heap as a real mapping. Unmapping fills it with garbage
 * and leaves it to the garbage collector, so that a use that comes too late is noticed.
 */
final class SimulatedMapping implements Mapping {

  private static final byte POISON = (byte) 0xDB;

  private final SimulatedDisk disk;
  private final Path path;
  private final SimulatedFile file;
  private final long position;
  private final ByteBuffer bytes;
  private volatile @Nullable ByteBuffer buffer;

  SimulatedMapping(SimulatedDisk disk, Path path, SimulatedFile file, long position, int length) {
    this.disk = disk;
    this.path = path;
    this.file = file;
    this.position = position;
    this.bytes = ByteBuffer.allocateDirect(length);
    file.read(bytes, position);
    this.buffer = bytes.clear().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    file.mappings.add(this);
    disk.opened(this);
  }

  boolean overlaps(long start, long end) {
    return start < position + bytes.capacity() && position < end;
  }

  @Override
  public ByteBuffer buffer() {
    ByteBuffer present = buffer;
    if (present == null) {
      throw new IllegalStateException(this + " was unmapped");
    }
    return present;
  }

  @Override
  public void unmap() {
    synchronized (disk) {
      if (buffer == null) {
        return;
      }
      buffer = null;
      file.mappings.remove(this);
      disk.closed(this);
      for (int i = 0; i < bytes.capacity(); i++) {
        bytes.put(i, POISON);
      }
    }
  }

  @Override
  public String toString() {
    return "mapping of " + bytes.capacity() + " bytes at " + position + " of " + path;
  }
}
