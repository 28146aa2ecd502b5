package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.Mapping;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** A disk that leaves out what its callers rely on; used to show that the crash tests notice. */
final class BrokenDisk implements Disk {

  /** What it leaves out. */
  enum Fault {
    SKIPS_SYNC_OF_LOGS,
    SKIPS_SYNC_OF_SEGMENT_DIRECTORY,
    SKIPS_SYNC_OF_LOG_DIRECTORY,
    SKIPS_EVERY_FIFTH_SYNC,
    FORGETS_THE_LAST_BLOCK_OF_EVERY_TENTH_WRITE,
    FLIPS_A_BIT_WHEN_READING_LOGS
  }

  private final Disk disk;
  private final Fault fault;
  private int forces;
  private int writes;

  BrokenDisk(Disk disk, Fault fault) {
    this.disk = disk;
    this.fault = fault;
  }

  private static boolean isLog(Path path) {
    return path.toString().endsWith(".wal");
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    boolean segments = directory.endsWith("segments");
    boolean logs = directory.endsWith("wal");
    if ((segments && fault == Fault.SKIPS_SYNC_OF_SEGMENT_DIRECTORY)
        || (logs && fault == Fault.SKIPS_SYNC_OF_LOG_DIRECTORY)) {
      return;
    }
    disk.syncDirectory(directory);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    return new BrokenFile(disk.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new BrokenFile(disk.open(file));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    Mapping mapping = disk.map(file, position, length);
    if (fault != Fault.FLIPS_A_BIT_WHEN_READING_LOGS || !isLog(file)) {
      return mapping;
    }
    ByteBuffer copy = ByteBuffer.allocateDirect((int) length).order(mapping.buffer().order());
    copy.put(0, mapping.buffer(), 0, (int) length);
    copy.put(100, (byte) (copy.get(100) ^ 4));
    return new Mapping() {
      @Override
      public ByteBuffer buffer() {
        return copy;
      }

      @Override
      public void unmap() {
        mapping.unmap();
      }
    };
  }

  @Override
  public DiskFile openForRead(Path file) throws IOException {
    return disk.openForRead(file);
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    disk.createDirectories(directory);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    return disk.exists(path);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    return disk.list(directory);
  }

  @Override
  public long size(Path file) throws IOException {
    return disk.size(file);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    disk.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    disk.delete(path);
  }

  @Override
  public long usableSpace(Path directory) throws IOException {
    return disk.usableSpace(directory);
  }

  @Override
  public Closeable lock(Path file) throws IOException {
    return disk.lock(file);
  }

  private final class BrokenFile implements DiskFile {

    private final DiskFile file;

    BrokenFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public int read(ByteBuffer destination, long position) throws IOException {
      return file.read(destination, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      boolean forgets =
          fault == Fault.FORGETS_THE_LAST_BLOCK_OF_EVERY_TENTH_WRITE
              && source.remaining() > BLOCK
              && ++writes % 10 == 0;
      if (forgets) {
        source.limit(source.limit() - BLOCK);
      }
      file.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void force() throws IOException {
      boolean skipped =
          switch (fault) {
            case SKIPS_SYNC_OF_LOGS -> isLog(file.path());
            case SKIPS_EVERY_FIFTH_SYNC -> ++forces % 5 == 0;
            default -> false;
          };
      if (!skipped) {
        file.force();
      }
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
