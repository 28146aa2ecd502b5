package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * A disk with one file, of any size, that can only be read. Every name leads to it. A change to the
 * array that it is made of is seen by those who have it open, but not through a mapping.
 */
public final class OneFileDisk implements Disk {

  private final byte[] content;
  private int open;

  public OneFileDisk(byte[] content) {
    this.content = content;
  }

  /** Checks that everything was closed and unmapped. */
  public void assertNothingOpen() {
    assertEquals(0, open, "files and mappings left open");
  }

  @Override
  public long size(Path file) {
    return content.length;
  }

  @Override
  public DiskFile openForRead(Path file) {
    open++;
    return new Handle(file);
  }

  @Override
  public Mapping map(Path file, long position, long length) {
    ByteBuffer bytes = ByteBuffer.allocateDirect((int) length);
    bytes.put(0, content, (int) position, (int) length);
    ByteBuffer buffer = bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    open++;
    return new Mapping() {

      @Override
      public ByteBuffer buffer() {
        return buffer;
      }

      @Override
      public void unmap() {
        open--;
      }
    };
  }

  private final class Handle implements DiskFile {

    private final Path path;

    Handle(Path path) {
      this.path = path;
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public long size() {
      return content.length;
    }

    @Override
    public int read(ByteBuffer destination, long position) {
      if (position < 0) {
        throw new IllegalArgumentException("position " + position);
      }
      int length = (int) Math.min(destination.remaining(), Math.max(0, size() - position));
      if (length > 0) {
        destination.put(content, (int) position, length);
      }
      return length;
    }

    @Override
    public void write(ByteBuffer source, long position) {
      throw new IllegalStateException();
    }

    @Override
    public void truncate(long size) {
      throw new IllegalStateException();
    }

    @Override
    public void force() {
      throw new IllegalStateException();
    }

    @Override
    public void close() {
      open--;
    }
  }

  @Override
  public boolean exists(Path path) {
    return true;
  }

  @Override
  public List<String> list(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void createDirectories(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public DiskFile create(Path file) {
    throw new UnsupportedOperationException();
  }

  @Override
  public DiskFile open(Path file) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void rename(Path from, Path to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(Path path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void syncDirectory(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long usableSpace(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StoreLock lock(Path file) {
    throw new UnsupportedOperationException();
  }
}
