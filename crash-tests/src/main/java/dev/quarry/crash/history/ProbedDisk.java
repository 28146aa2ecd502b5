package dev.quarry.crash.history;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.StoreLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A disk that says so before each call that may change it. */
final class ProbedDisk extends ForwardingDisk {

  private final Runnable beforeCall;

  ProbedDisk(Disk disk, Runnable beforeCall) {
    super(disk);
    this.beforeCall = beforeCall;
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    beforeCall.run();
    super.createDirectories(directory);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    beforeCall.run();
    return new ProbedFile(super.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new ProbedFile(super.open(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    beforeCall.run();
    super.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    beforeCall.run();
    super.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    beforeCall.run();
    super.syncDirectory(directory);
  }

  @Override
  public StoreLock lock(Path file) throws IOException {
    beforeCall.run();
    return super.lock(file);
  }

  private final class ProbedFile extends ForwardingFile {

    ProbedFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      beforeCall.run();
      super.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      beforeCall.run();
      super.truncate(size);
    }

    @Override
    public void force() throws IOException {
      beforeCall.run();
      super.force();
    }
  }
}
