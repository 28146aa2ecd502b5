package dev.quarry.wal;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk that says it did what it did not; used to show that the checks notice. */
final class LyingDisk extends ForwardingDisk {

  /** What it does not do. */
  enum Lie {
    FORCE,
    EVERY_THIRD_FORCE,
    SYNC_OF_LOG_DIRECTORY,
    SYNC_OF_SEGMENT_DIRECTORY,
    TRUNCATE,
    FIRST_BLOCK_OF_A_REWRITE,
    LAST_BLOCK_OF_A_LONG_WRITE
  }

  private final Lie lie;
  private final AtomicInteger forces = new AtomicInteger();

  LyingDisk(Disk disk, Lie lie) {
    super(disk);
    this.lie = lie;
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    boolean skipped =
        switch (lie) {
          case SYNC_OF_LOG_DIRECTORY -> directory.equals(TestLogs.LAYOUT.logs());
          case SYNC_OF_SEGMENT_DIRECTORY -> directory.equals(TestLogs.LAYOUT.segments());
          default -> false;
        };
    if (!skipped) {
      super.syncDirectory(directory);
    }
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    return new LyingFile(super.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new LyingFile(super.open(file));
  }

  private final class LyingFile extends ForwardingFile {

    LyingFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long from = position;
      if (lie == Lie.FIRST_BLOCK_OF_A_REWRITE && position < size()) {
        source.position(BLOCK);
        from += BLOCK;
      }
      if (lie == Lie.LAST_BLOCK_OF_A_LONG_WRITE && source.remaining() > 2 * BLOCK) {
        source.limit(source.limit() - BLOCK);
      }
      if (source.hasRemaining()) {
        super.write(source, from);
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      if (lie != Lie.TRUNCATE) {
        super.truncate(size);
      }
    }

    @Override
    public void force() throws IOException {
      boolean skipped =
          switch (lie) {
            case FORCE -> true;
            case EVERY_THIRD_FORCE -> forces.incrementAndGet() % 3 == 0;
            default -> false;
          };
      if (!skipped) {
        super.force();
      }
    }
  }
}
