package dev.quarry.crash.damage;

import dev.quarry.StoreLockedException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.Mapping;
import dev.quarry.segment.StoreLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A disk in memory that is made of an image at next to no cost, as a run makes hundreds of
 * thousands: a file is copied when it is first written to, and mappings share its bytes. It neither
 * fails nor forgets. Safe for use by any number of threads: every call takes the lock of the disk.
 */
public final class ImageDisk implements Disk {

  private static final long ROOM = 1L << 40;

  private final Map<Path, Content> files = new TreeMap<>();
  private final Set<Path> directories;
  private final Set<Path> locks = new TreeSet<>();
  private int open;

  /** The bytes of a file; those behind its size are zero. */
  private static final class Content {
    byte[] bytes;
    int size;
    boolean shared = true;

    Content(byte[] bytes) {
      this.bytes = bytes;
      this.size = bytes.length;
    }

    /** Makes the bytes the file's own, and room for so many. */
    void own(int length) {
      if (shared || length > bytes.length) {
        byte[] copy = new byte[Math.max(length, length > size ? 2 * size : size)];
        System.arraycopy(bytes, 0, copy, 0, size);
        bytes = copy;
        shared = false;
      }
    }
  }

  ImageDisk(Map<Path, byte[]> image, Collection<Path> directories) {
    image.forEach((path, bytes) -> files.put(path, new Content(bytes)));
    this.directories = new TreeSet<>(directories);
    for (Path path = StoreImage.ROOT; path != null; path = path.getParent()) {
      this.directories.add(path);
    }
  }

  /** The number of files not closed, mappings not unmapped, and locks not given up. */
  public synchronized int openHandles() {
    return open;
  }

  private Content content(Path file) throws NoSuchFileException {
    Content content = files.get(file);
    if (content == null) {
      throw new NoSuchFileException(file.toString());
    }
    return content;
  }

  @Override
  public synchronized void createDirectories(Path directory) {
    for (Path path = directory; path != null; path = path.getParent()) {
      directories.add(path);
    }
  }

  @Override
  public synchronized boolean exists(Path path) {
    return files.containsKey(path) || directories.contains(path);
  }

  @Override
  public synchronized List<String> list(Path directory) {
    Set<String> names = new TreeSet<>();
    for (Path path : files.keySet()) {
      addName(path, directory, names);
    }
    for (Path path : directories) {
      addName(path, directory, names);
    }
    return List.copyOf(names).stream().sorted().toList();
  }

  private static void addName(Path path, Path directory, Set<String> names) {
    if (directory.equals(path.getParent())) {
      names.add(String.valueOf(path.getFileName()));
    }
  }

  @Override
  public synchronized long size(Path file) throws IOException {
    return content(file).size;
  }

  @Override
  public synchronized DiskFile create(Path file) throws IOException {
    if (exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    files.put(file, new Content(new byte[0]));
    return open(file);
  }

  @Override
  public synchronized DiskFile open(Path file) throws IOException {
    return new Handle(file, content(file), true);
  }

  @Override
  public synchronized DiskFile openForRead(Path file) throws IOException {
    return new Handle(file, content(file), false);
  }

  @Override
  public synchronized Mapping map(Path file, long position, long length) throws IOException {
    Content content = content(file);
    if (position < 0 || length < 1 || position > content.size - length) {
      throw new IllegalArgumentException(
          "cannot map " + length + " bytes at " + position + " of " + file);
    }
    return new Part(content, (int) position, (int) length);
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    files.put(to, content(from));
    files.remove(from);
  }

  @Override
  public synchronized void delete(Path path) {
    files.remove(path);
    directories.remove(path);
  }

  @Override
  public void syncDirectory(Path directory) {}

  @Override
  public long usableSpace(Path directory) {
    return ROOM;
  }

  @Override
  public synchronized StoreLock lock(Path file) {
    if (!locks.add(file)) {
      throw new StoreLockedException(file);
    }
    files.computeIfAbsent(file, name -> new Content(new byte[0]));
    open++;
    return new ImageLock(file);
  }

  /** Nobody else is there to take it. */
  private final class ImageLock implements StoreLock {

    private final Path file;

    ImageLock(Path file) {
      this.file = file;
    }

    @Override
    public void check() {}

    @Override
    public void renew() {}

    @Override
    public void close() {
      synchronized (ImageDisk.this) {
        if (locks.remove(file)) {
          open--;
        }
      }
    }
  }

  private final class Part implements Mapping {

    private final ByteBuffer buffer;
    private boolean unmapped;

    Part(Content content, int position, int length) {
      buffer =
          ByteBuffer.wrap(content.bytes, position, length).slice().order(ByteOrder.LITTLE_ENDIAN);
      open++;
    }

    @Override
    public ByteBuffer buffer() {
      if (unmapped) {
        throw new IllegalStateException("unmapped");
      }
      return buffer;
    }

    @Override
    public void unmap() {
      synchronized (ImageDisk.this) {
        open -= unmapped ? 0 : 1;
        unmapped = true;
      }
    }
  }

  private final class Handle implements DiskFile {

    private final Path path;
    private final Content content;
    private final boolean writable;
    private boolean closed;

    Handle(Path path, Content content, boolean writable) {
      this.path = path;
      this.content = content;
      this.writable = writable;
      open++;
    }

    private void check(boolean writes) throws IOException {
      if (closed) {
        throw new IOException(path + " is closed");
      }
      if (writes && !writable) {
        throw new IllegalStateException(path + " is open for reading only");
      }
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public long size() throws IOException {
      synchronized (ImageDisk.this) {
        check(false);
        return content.size;
      }
    }

    @Override
    public int read(ByteBuffer destination, long position) throws IOException {
      synchronized (ImageDisk.this) {
        check(false);
        if (position < 0) {
          throw new IllegalArgumentException("position " + position);
        }
        int length = (int) Math.min(destination.remaining(), Math.max(0, content.size - position));
        if (length > 0) {
          destination.put(content.bytes, (int) position, length);
        }
        return length;
      }
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      synchronized (ImageDisk.this) {
        check(true);
        int end = Math.toIntExact(position + source.remaining());
        content.own(end);
        source.get(content.bytes, (int) position, source.remaining());
        content.size = Math.max(content.size, end);
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (ImageDisk.this) {
        check(true);
        content.own(content.size);
        Arrays.fill(content.bytes, (int) size, content.size, (byte) 0);
        content.size = (int) size;
      }
    }

    @Override
    public void force() throws IOException {
      synchronized (ImageDisk.this) {
        check(true);
      }
    }

    @Override
    public void close() {
      synchronized (ImageDisk.this) {
        open -= closed ? 0 : 1;
        closed = true;
      }
    }
  }
}
