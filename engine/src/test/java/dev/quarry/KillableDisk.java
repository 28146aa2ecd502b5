package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.Mapping;
import dev.quarry.segment.StoreLock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk as one process sees it that is killed at some call: the disk goes on as it was, with
 * nothing synced for that, while the process's files and locks are closed for it.
 */
final class KillableDisk extends ForwardingDisk {

  /** The process is dead. An error, so that no handler of disk faults mistakes it for one. */
  static final class KilledError extends Error {
    private static final long serialVersionUID = 1L;

    KilledError() {
      super("killed");
    }
  }

  private final List<Closeable> open = new ArrayList<>();
  private final long callsToLive;
  private long calls;
  private boolean killed;

  KillableDisk(Disk disk, long callsToLive) {
    super(disk);
    this.callsToLive = callsToLive;
  }

  private void call() {
    if (killed || calls++ == callsToLive) {
      killed = true;
      throw new KilledError();
    }
  }

  /** How many calls that change the disk the process has made. */
  long calls() {
    return calls;
  }

  /** What the system does for a dead process. */
  void reap() throws IOException {
    killed = true;
    for (Closeable handle : open) {
      handle.close();
    }
    open.clear();
  }

  private <T extends Closeable> T opened(T handle) {
    open.add(handle);
    return handle;
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    call();
    super.createDirectories(directory);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    call();
    return opened(new KillableFile(super.create(file)));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return opened(new KillableFile(super.open(file)));
  }

  @Override
  public DiskFile openForRead(Path file) throws IOException {
    return opened(super.openForRead(file));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    Mapping mapping = super.map(file, position, length);
    open.add(mapping::unmap);
    return mapping;
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    call();
    super.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    call();
    super.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    call();
    super.syncDirectory(directory);
  }

  @Override
  public StoreLock lock(Path file) throws IOException {
    call();
    return opened(super.lock(file));
  }

  private final class KillableFile extends ForwardingDisk.ForwardingFile {

    KillableFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      call();
      super.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      call();
      super.truncate(size);
    }

    @Override
    public void force() throws IOException {
      call();
      super.force();
    }
  }
}
