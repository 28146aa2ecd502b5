package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.Mapping;
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
final class KillableDisk implements Disk {

  /** The process is dead. An error, so that no handler of disk faults mistakes it for one. */
  static final class KilledError extends Error {
    private static final long serialVersionUID = 1L;

    KilledError() {
      super("killed");
    }
  }

  private final Disk disk;
  private final List<Closeable> open = new ArrayList<>();
  private final long callsToLive;
  private long calls;
  private boolean killed;

  KillableDisk(Disk disk, long callsToLive) {
    this.disk = disk;
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

  @Override
  public void createDirectories(Path directory) throws IOException {
    call();
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
  public DiskFile create(Path file) throws IOException {
    call();
    return new KillableFile(disk.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new KillableFile(disk.open(file));
  }

  @Override
  public DiskFile openForRead(Path file) throws IOException {
    return new KillableFile(disk.openForRead(file));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    Mapping mapping = disk.map(file, position, length);
    open.add(mapping::unmap);
    return mapping;
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    call();
    disk.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    call();
    disk.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    call();
    disk.syncDirectory(directory);
  }

  @Override
  public long usableSpace(Path directory) throws IOException {
    return disk.usableSpace(directory);
  }

  @Override
  public Closeable lock(Path file) throws IOException {
    call();
    Closeable lock = disk.lock(file);
    open.add(lock);
    return lock;
  }

  private final class KillableFile implements DiskFile {

    private final DiskFile file;

    KillableFile(DiskFile file) {
      this.file = file;
      open.add(file);
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
      call();
      file.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      call();
      file.truncate(size);
    }

    @Override
    public void force() throws IOException {
      call();
      file.force();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
