package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A disk that leaves out what its callers rely on; used to show that the crash tests notice. */
public final class BrokenDisk extends ForwardingDisk {

  /** What it leaves out. */
  public enum Fault {
    SKIPS_SYNC_OF_LOGS,
    SKIPS_SYNC_OF_SEGMENT_DIRECTORY,
    SKIPS_SYNC_OF_LOG_DIRECTORY,
    SKIPS_EVERY_FIFTH_SYNC,
    FORGETS_THE_LAST_BLOCK_OF_EVERY_TENTH_WRITE,
    FLIPS_A_BIT_WHEN_READING_LOGS
  }

  private final Fault fault;
  private int forces;
  private int writes;

  public BrokenDisk(Disk disk, Fault fault) {
    super(disk);
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
    super.syncDirectory(directory);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    return new BrokenFile(super.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new BrokenFile(super.open(file));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    Mapping mapping = super.map(file, position, length);
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

  private final class BrokenFile extends ForwardingFile {

    BrokenFile(DiskFile file) {
      super(file);
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
      super.write(source, position);
    }

    @Override
    public void force() throws IOException {
      boolean skipped =
          switch (fault) {
            case SKIPS_SYNC_OF_LOGS -> isLog(path());
            case SKIPS_EVERY_FIFTH_SYNC -> ++forces % 5 == 0;
            default -> false;
          };
      if (!skipped) {
        super.force();
      }
    }
  }
}
