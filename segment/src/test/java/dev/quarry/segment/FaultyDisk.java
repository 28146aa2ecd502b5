package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A disk some of whose calls fail before they reach the one below. Meant for the file system of the
 * machine, and for calls that {@link SimulatedDisk} does not number, as reads: a failed force here
 * loses nothing.
 */
public final class FaultyDisk implements Disk {

  private final Disk disk;
  private final Faults faults;

  /** The calls of {@link Disk} and {@link DiskFile}. */
  public enum Operation {
    CREATE_DIRECTORIES,
    EXISTS,
    LIST,
    SIZE,
    CREATE,
    OPEN,
    OPEN_FOR_READ,
    MAP,
    RENAME,
    DELETE,
    SYNC_DIRECTORY,
    USABLE_SPACE,
    LOCK,
    READ,
    WRITE,
    TRUNCATE,
    FORCE
  }

  /** Says which calls fail. */
  @FunctionalInterface
  public interface Faults {

    /** What to throw; null to let the call pass. */
    @Nullable IOException of(Operation operation, Path path);
  }

  public FaultyDisk(Disk disk, Faults faults) {
    this.disk = disk;
    this.faults = faults;
  }

  private void check(Operation operation, Path path) throws IOException {
    IOException fault = faults.of(operation, path);
    if (fault != null) {
      throw fault;
    }
  }

  @Override
  public void createDirectories(Path directory) throws IOException {
    check(Operation.CREATE_DIRECTORIES, directory);
    disk.createDirectories(directory);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    check(Operation.EXISTS, path);
    return disk.exists(path);
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    check(Operation.LIST, directory);
    return disk.list(directory);
  }

  @Override
  public long size(Path file) throws IOException {
    check(Operation.SIZE, file);
    return disk.size(file);
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    check(Operation.CREATE, file);
    return new FaultyFile(disk.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    check(Operation.OPEN, file);
    return new FaultyFile(disk.open(file));
  }

  @Override
  public DiskFile openForRead(Path file) throws IOException {
    check(Operation.OPEN_FOR_READ, file);
    return new FaultyFile(disk.openForRead(file));
  }

  @Override
  public Mapping map(Path file, long position, long length) throws IOException {
    check(Operation.MAP, file);
    return disk.map(file, position, length);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    check(Operation.RENAME, from);
    disk.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    check(Operation.DELETE, path);
    disk.delete(path);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    check(Operation.SYNC_DIRECTORY, directory);
    disk.syncDirectory(directory);
  }

  @Override
  public long usableSpace(Path directory) throws IOException {
    check(Operation.USABLE_SPACE, directory);
    return disk.usableSpace(directory);
  }

  @Override
  public StoreLock lock(Path file) throws IOException {
    check(Operation.LOCK, file);
    return disk.lock(file);
  }

  private final class FaultyFile implements DiskFile {

    private final DiskFile file;

    FaultyFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public Path path() {
      return file.path();
    }

    @Override
    public long size() throws IOException {
      check(Operation.SIZE, path());
      return file.size();
    }

    @Override
    public int read(ByteBuffer destination, long position) throws IOException {
      check(Operation.READ, path());
      return file.read(destination, position);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      check(Operation.WRITE, path());
      file.write(source, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      check(Operation.TRUNCATE, path());
      file.truncate(size);
    }

    @Override
    public void force() throws IOException {
      check(Operation.FORCE, path());
      file.force();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
