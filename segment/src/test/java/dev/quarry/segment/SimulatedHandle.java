package dev.quarry.segment;

import dev.quarry.segment.IoCalls.Fate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;

/** An open file of a simulated disk. */
final class SimulatedHandle implements DiskFile {

  private final SimulatedDisk disk;
  private final IoCalls calls;
  private final SplittableRandom random;
  private final Path path;
  private final SimulatedFile file;
  private final boolean writable;
  private boolean closed;

  SimulatedHandle(
      SimulatedDisk disk,
      IoCalls calls,
      SplittableRandom random,
      Path path,
      SimulatedFile file,
      boolean writable) {
    this.disk = disk;
    this.calls = calls;
    this.random = random;
    this.path = path;
    this.file = file;
    this.writable = writable;
    if (writable) {
      file.writers++;
    }
    disk.opened(this);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public long size() throws IOException {
    synchronized (disk) {
      checkOpen();
      return file.size();
    }
  }

  @Override
  public int read(ByteBuffer destination, long position) throws IOException {
    DiskArguments.checkPosition(position, 1);
    synchronized (disk) {
      checkOpen();
      int start = destination.position();
      file.read(destination, position);
      return destination.position() - start;
    }
  }

  @Override
  public void write(ByteBuffer source, long position) throws IOException {
    DiskArguments.checkWrite(source, position);
    synchronized (disk) {
      int length = source.remaining();
      checkWritable();
      checkUnmapped(position, position + length);
      String call = "write " + length + " bytes at " + position + " of " + path;
      Fate fate = calls.next(call);
      long before = file.size();
      long limit = before + disk.room();
      IntPredicate fits = sector -> position + (sector + 1L) * Content.SECTOR <= limit;
      file.write(calls.count(), source, position, fits.and(reaching(fate, length)));
      disk.use(file.size() - before);
      fate.conclude();
      if (position + length > limit) {
        throw new DiskFullException("cannot " + call + ": no space left");
      }
      source.position(source.limit());
    }
  }

  /** A call that crashes may write any sectors, one that fails only the first few. */
  private IntPredicate reaching(Fate fate, int length) {
    if (fate.crashes()) {
      double share = random.nextDouble();
      return sector -> random.nextDouble() < share;
    }
    int sectors = length / Content.SECTOR;
    int written = fate.fails() ? random.nextInt(sectors + 1) : sectors;
    return sector -> sector < written;
  }

  @Override
  public void truncate(long size) throws IOException {
    synchronized (disk) {
      checkWritable();
      DiskArguments.checkTruncate(size, file.size());
      checkUnmapped(size, Long.MAX_VALUE);
      Fate fate = calls.next("cut to " + size + " bytes " + path);
      if (fate.applies()) {
        disk.use(size - file.size());
        file.truncate(calls.count(), size);
      }
      fate.conclude();
    }
  }

  @Override
  public void force() throws IOException {
    synchronized (disk) {
      checkWritable();
      Fate fate = calls.next("force " + path);
      if (fate.fails()) {
        file.failForce();
      } else if (!fate.crashes()) {
        file.force();
      }
      fate.conclude();
    }
  }

  /** Does nothing to the medium, so it works even after a crash. */
  @Override
  public void close() {
    synchronized (disk) {
      if (!closed) {
        closed = true;
        file.writers -= writable ? 1 : 0;
        disk.closed(this);
      }
    }
  }

  private void checkOpen() throws IOException {
    calls.checkRunning();
    if (closed) {
      throw new IOException(path + " was closed");
    }
  }

  private void checkWritable() throws IOException {
    checkOpen();
    if (!writable) {
      throw new IllegalStateException(path + " is open for reading only");
    }
  }

  private void checkUnmapped(long start, long end) {
    for (SimulatedMapping mapping : file.mappings) {
      if (mapping.overlaps(start, end)) {
        throw new IllegalStateException("this would change a " + mapping);
      }
    }
  }

  @Override
  public String toString() {
    return "file " + path + " open for " + (writable ? "writing" : "reading");
  }
}
