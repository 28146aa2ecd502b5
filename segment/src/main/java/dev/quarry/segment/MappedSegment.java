package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A segment file mapped for reading. One over 2 GiB, which holds a single record, takes two
 * mappings: one up to the value and one of the value.
 *
 * <p>The mapping goes at once when the last pin has gone, unless a caller was lent a buffer over
 * it: then it is the garbage collector that unmaps, as a buffer used too late must not take the JVM
 * down.
 */
public final class MappedSegment extends SegmentBytes {

  private final long size;
  private final Mapping first;
  private final @Nullable Mapping value;
  private final long valueOffset;

  private MappedSegment(long size, Mapping head, @Nullable Mapping value, long valueOffset) {
    super(head.buffer());
    this.size = size;
    this.first = head;
    this.value = value;
    this.valueOffset = valueOffset;
  }

  /** Maps a segment file of at least {@link FileHeader#LENGTH} bytes. */
  public static MappedSegment map(Disk disk, Path file) throws IOException {
    long size = disk.size(file);
    Mapping whole = disk.map(file, 0, Math.min(size, Integer.MAX_VALUE));
    try {
      if (size <= Integer.MAX_VALUE) {
        return new MappedSegment(size, whole, null, size);
      }
      int keyLength = RecordFormat.keyLength(whole.buffer(), FileHeader.LENGTH);
      long valueOffset = FileHeader.LENGTH + RecordFormat.length(keyLength, 0);
      long valueLength = Math.min(size - valueOffset, Integer.MAX_VALUE);
      return new MappedSegment(size, whole, disk.map(file, valueOffset, valueLength), valueOffset);
    } catch (IOException | RuntimeException | Error e) {
      whole.unmap();
      throw e;
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  protected ByteBuffer holder(long offset) {
    return value != null && offset >= valueOffset ? value.buffer() : head();
  }

  @Override
  protected long holderOffset(long offset) {
    return value != null && offset >= valueOffset ? valueOffset : 0;
  }

  @Override
  protected void release() {
    if (isLent()) {
      return;
    }
    first.unmap();
    if (value != null) {
      value.unmap();
    }
  }
}
