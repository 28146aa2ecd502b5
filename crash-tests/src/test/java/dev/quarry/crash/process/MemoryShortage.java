package dev.quarry.crash.process;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import dev.quarry.segment.Mapping;
import dev.quarry.segment.StoreLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A disk at one of whose calls memory runs out, before anything is done, once. Calls of something
 * else can be counted in.
 */
final class MemoryShortage extends ForwardingDisk {

  private final int fatal;
  private final AtomicInteger calls = new AtomicInteger();
  private volatile String place = "";

  /**
   * @param fatal the number of the call, from 1 on
   */
  MemoryShortage(Disk disk, int fatal) {
    super(disk);
    this.fatal = fatal;
  }

  /** Counts a call, and runs out of memory if it is the one. */
  void call(String what) {
    if (calls.incrementAndGet() == fatal) {
      place = what;
      throw new OutOfMemoryError("as a test has it");
    }
  }

  boolean happened() {
    return calls.get() >= fatal;
  }

  /** The call that it happened at. */
  String place() {
    return place;
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    call("createDirectories");
    super.createDirectories(directory);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    call("exists " + path);
    return super.exists(path);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    call("list " + directory);
    return super.list(directory);
  }

  @Override
  public long size(Path file) throws IOException {
    call("size " + file);
    return super.size(file);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    call("create " + file);
    return new ShortFile(super.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    call("open " + file);
    return new ShortFile(super.open(file));
  }

  @Override
  public DiskFile openForRead(Path file) throws IOException {
    call("openForRead " + file);
    return new ShortFile(super.openForRead(file));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    call("map " + file);
    return super.map(file, position, length);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    call("rename " + from);
    super.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    call("delete " + path);
    super.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    call("syncDirectory " + directory);
    super.syncDirectory(directory);
  }

  @Override
  public StoreLock lock(Path file) throws IOException {
    call("lock " + file);
    return super.lock(file);
  }

  private final class ShortFile extends ForwardingFile {

    ShortFile(DiskFile file) {
      super(file);
    }

    @Override
    public long size() throws IOException {
      call("size of " + path());
      return super.size();
    }

    @Override
    public int read(ByteBuffer destination, long position) throws IOException {
      call("read " + path());
      return super.read(destination, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      call("write " + path());
      super.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      call("truncate " + path());
      super.truncate(size);
    }

    @Override
    public void force() throws IOException {
      call("force " + path());
      super.force();
    }
  }
}
