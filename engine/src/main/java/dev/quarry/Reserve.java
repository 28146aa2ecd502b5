package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.Lack;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Room on the disk that puts leave to what must go on when the disk is full: deletes, the promotion
 * of logs, compaction. It is a file of zeros, about as large as a segment, in a durable store's
 * directory.
 *
 * <p>A step that may use the reserve and finds the disk full deletes the file and retries once.
 * While the file is missing, every put is refused, and each refusal checks whether the file can be
 * made again; then puts are accepted again. Twice its size must be free for that, as making it
 * would fill the disk otherwise.
 *
 * <p>The file has its name only when it is whole and on stable storage; nothing is lost with it. A
 * cache has none: it makes room by evicting. Safe for use by any number of threads.
 */
final class Reserve {

  /** How many times its size must be free before it is made. */
  private static final int ROOM = 2;

  /** Left alone by puts that follow one which found the disk full: the end of a log. */
  private static final long LEEWAY = 2L * Disk.BLOCK;

  /** Time between two attempts that the disk cut short although it had claimed to have room. */
  private static final long PAUSE_NANOS = 1_000_000_000L;

  // constant
  private final Disk disk;
  private final StoreLayout layout;
  private final StagingBuffers buffers;
  private final long bytes;
  private final FailureLatch latch;
  private final Executor background;

  // self-synchronised
  private final AtomicBoolean requested = new AtomicBoolean();

  /** Why the last put that tried was refused; null when it was not. */
  private volatile @Nullable DiskFullException refused;

  /** What the last attempt to make the file met; null when none failed since it was there. */
  private volatile @Nullable DiskFullException unmade;

  /** Written under the monitor. */
  private volatile boolean held;

  /** Whether an attempt to make the file may have left something. */
  @GuardedBy("this")
  private boolean untidy;

  /** How often the file was given up. Written under the monitor. */
  private volatile int releases;

  /** Not to be tried before, by {@link System#nanoTime}; 0 when it may be at any time. */
  @GuardedBy("this")
  private long pausedUntil;

  /**
   * @param buffers for what is written
   * @param bytes of the file; 0 for a cache
   * @param background runs what the callers of {@link #requestRestore} do not wait for
   */
  Reserve(
      Disk disk,
      StoreLayout layout,
      StagingBuffers buffers,
      long bytes,
      FailureLatch latch,
      Executor background) {
    this.disk = disk;
    this.layout = layout;
    this.buffers = buffers;
    this.bytes = bytes;
    this.latch = latch;
    this.background = background;
    this.held = bytes == 0;
  }

  /** Takes over the file that there is, or makes it if there is room. For the opening. */
  synchronized void open() throws IOException {
    if (bytes == 0) {
      return;
    }
    if (disk.exists(layout.reserveTemporary())) {
      disk.delete(layout.reserveTemporary());
    }
    if (disk.exists(layout.reserve())) {
      if (disk.size(layout.reserve()) == bytes) {
        held = true;
        return;
      }
      disk.delete(layout.reserve()); // made for segments of another size
    }
    restore();
  }

  /**
   * Gives the room back, if there is a file: for the opening of a store that finds the disk full.
   *
   * @return false if there was none
   */
  static boolean discard(Disk disk, StoreLayout layout) throws IOException {
    if (!disk.exists(layout.reserve())) {
      return false;
    }
    disk.delete(layout.reserve());
    disk.syncDirectory(layout.root()); // file systems free the blocks only then
    return true;
  }

  // ---- puts ----

  /**
   * Refuses a put that would need the reserve, before it leaves anything behind. A put that finds
   * that out later must report it by {@link #putFoundFull}.
   *
   * @param length bytes of the record
   * @throws StoreFullException if there is no room
   */
  void checkPut(long length) {
    if (!held) {
      requestRestore();
      if (!held) {
        throw withoutReserve();
      }
    }
    DiskFullException earlier = refused;
    if (earlier != null) {
      if (usableSpace() < length + LEEWAY) {
        throw new StoreFullException("the disk is full: " + earlier.getMessage(), earlier);
      }
      refused = null;
    }
  }

  /** Why there is no reserve, by the figures of this moment, and what brings it back. */
  private StoreFullException withoutReserve() {
    long needed = ROOM * bytes;
    long usable = usableSpace();
    DiskFullException obstacle = unmade;
    String absent = "the disk is full: " + layout.reserve() + " does not exist, and ";
    if (usable < needed) {
      return new StoreFullException(
          absent
              + "making it takes "
              + needed
              + " usable bytes, "
              + bytes
              + " for the file and as many beside it, where the file system has "
              + usable
              + "; puts go on when "
              + (needed - usable)
              + " bytes are freed");
    }
    return obstacle == null
        ? new StoreFullException(
            absent + "is being made now, as there is room again; try the put again")
        : new StoreFullException(
            absent
                + "cannot be made although the file system claims "
                + usable
                + " usable bytes: "
                + obstacle.getMessage(),
            obstacle);
  }

  /** Notes that a put was refused by the disk: the next ones ask for room before they try. */
  void putFoundFull(DiskFullException reason) {
    if (bytes > 0) {
      refused = reason;
    }
  }

  private long usableSpace() {
    try {
      return disk.usableSpace(layout.root());
    } catch (IOException e) {
      throw Lack.is(e) ? Refusal.of(e) : latch.fail(e);
    }
  }

  // ---- release ----

  /** A step that may need the reserve. */
  @FunctionalInterface
  interface Step<T extends @Nullable Object> {
    T run() throws IOException;
  }

  /**
   * Runs a step, and if it finds the disk full once more with the reserve released.
   *
   * @throws DiskFullException if the reserve does not help; the step may be run again later
   */
  <T extends @Nullable Object> T withReserve(Step<T> step) throws IOException {
    for (; ; ) {
      int before = releases;
      try {
        return step.run();
      } catch (DiskFullException e) {
        if (!releaseAfter(before)) {
          throw e;
        }
      }
    }
  }

  /** How often the reserve was released; to be asked before a step that may need it. */
  int releases() {
    return releases;
  }

  /**
   * Releases the reserve for a step that found the disk full.
   *
   * @param before what {@link #releases} said before that step
   * @return whether the step has more room now; false if it had all there is
   */
  synchronized boolean releaseAfter(int before) throws IOException {
    if (releases == before) {
      release();
    }
    return releases != before;
  }

  /** Gives the room back to the disk, until it is restored. Does nothing if that is so already. */
  synchronized void release() throws IOException {
    if (!held || bytes == 0) {
      return;
    }
    discard(disk, layout);
    held = false;
    releases++;
  }

  /** Bytes of disk that the reserve takes now. */
  long reserveBytes() {
    return held ? bytes : 0;
  }

  // ---- restore ----

  /** Has the reserve made again some time soon, if there is room. */
  void requestRestore() {
    if (!requested.compareAndSet(false, true)) {
      return;
    }
    try {
      background.execute(this::restoreRequested);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      requested.set(false); // the store is being closed, or the next request is heard
    }
  }

  private void restoreRequested() {
    requested.set(false);
    try {
      if (!latch.isSet()) {
        restore();
      }
    } catch (IOException | RuntimeException | Error e) {
      if (Lack.is(e)) {
        return; // whoever is refused next asks again
      }
      latch.fail(e);
      if (e instanceof Error error) {
        throw error;
      }
    }
  }

  private synchronized void restore() throws IOException {
    boolean paused = pausedUntil != 0 && System.nanoTime() - pausedUntil < 0;
    if (held || paused) {
      return;
    }
    tidy();
    if (disk.usableSpace(layout.root()) < ROOM * bytes) {
      return;
    }
    try {
      untidy = true;
      write();
      untidy = false;
      held = true;
      unmade = null;
      pausedUntil = 0;
    } catch (DiskFullException e) { // there is a quota, or another was faster
      tidy();
      unmade = e;
      pausedUntil = Math.max(1, System.nanoTime() + PAUSE_NANOS);
    }
  }

  @GuardedBy("this")
  private void tidy() throws IOException {
    if (untidy) {
      disk.delete(layout.reserveTemporary());
      disk.delete(layout.reserve());
      untidy = false;
    }
  }

  private void write() throws IOException {
    for (; ; ) {
      try {
        disk.delete(layout.reserveTemporary());
        writeZeros(layout.reserveTemporary());
        disk.rename(layout.reserveTemporary(), layout.reserve());
        disk.syncDirectory(layout.root());
        return;
      } catch (DiskInterruptedException e) {
        // what reached the disk is unknown: all of it is written once more
      }
    }
  }

  /** Real zeros: a file with holes, or one only claimed, reserves nothing on many file systems. */
  private void writeZeros(Path path) throws IOException {
    DirectMemory staging = buffers.take();
    ByteBuffer zeros = staging.buffer();
    try (DiskFile file = disk.create(path)) {
      new UnsafeBuffer(zeros).setMemory(0, zeros.capacity(), (byte) 0);
      for (long at = 0; at < bytes; at += zeros.capacity()) {
        file.write(zeros.slice(0, (int) Math.min(bytes - at, zeros.capacity())), at);
      }
      file.force();
    } finally {
      buffers.giveBack(staging);
    }
  }
}
