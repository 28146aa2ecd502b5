package dev.quarry.wal;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The log file of one slab, written straight from the slab's memory: bytes 0 to {@code durable} of
 * file and slab are equal, and on stable storage.
 *
 * <p>A commit writes again the last block of the one before, with the same bytes and more behind
 * them, so that whichever of its sectors a crash keeps, what was durable stays.
 *
 * <p>Not safe for use by several threads at once; {@link GroupCommit} has one leader at a time.
 */
final class Log {

  private static final ByteBuffer NO_KEY = ByteBuffer.allocate(0);
  private static final int SPINS = 1_000;
  private static final long PARK_NANOS = 20_000;

  private final Slab slab;
  private final Disk disk;
  private final StoreLayout layout;
  private volatile @Nullable DiskFile file;
  private boolean listed;

  /** Whether an attempt to create the file was made, which may have left an empty one. */
  private boolean attempted;

  /** Whether the file may hold more than what is durable, of a commit that a lack ended. */
  private boolean dirty;

  private volatile int durable = FileHeader.LENGTH;
  private int completed = FileHeader.LENGTH;

  /** The value of a mark. */
  private final ByteBuffer markValue =
      ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  Log(Slab slab, Disk disk, StoreLayout layout) {
    this.slab = slab;
    this.disk = disk;
    this.layout = layout;
  }

  Slab slab() {
    return slab;
  }

  /** Up to where the log is on stable storage. */
  int durable() {
    return durable;
  }

  /** Bytes of the file that are on stable storage. */
  long fileBytes() {
    return file == null ? 0 : durable + Disk.BLOCK - 1 & -Disk.BLOCK;
  }

  /** Whether all that will ever be in the log is on stable storage. */
  boolean isFinished() {
    return slab.isSealed() && durable == slab.end();
  }

  /**
   * Notes in the log how far it is durable, so that recovery can tell damage from a torn tail. Left
   * out where the slab has no room for it, or nothing is durable yet.
   *
   * @return where the mark ends; where the durable part does if it was left out
   */
  int mark() {
    if (durable == FileHeader.LENGTH) {
      return durable;
    }
    Slab.prepareThread();
    markValue.putLong(0, durable);
    long ticket = slab.reserve(RecordFormat.COMMIT_MARK_LENGTH);
    if (ticket == Slab.FULL) {
      return durable;
    }
    writeMark(ticket);
    return Slab.position(ticket) + RecordFormat.COMMIT_MARK_LENGTH;
  }

  /** A mark that cannot be written is void: a place that stayed empty would end the log there. */
  private void writeMark(long ticket) {
    try {
      slab.write(ticket, RecordFormat.COMMIT_MARK, NO_KEY, markValue, 0, Long.BYTES);
    } catch (OutOfMemoryError e) {
      slab.abandon(ticket, RecordFormat.COMMIT_MARK_LENGTH);
    } finally {
      slab.settle();
    }
  }

  /**
   * Waits for the writers whose places lie before an offset to complete their records; they are
   * copying, not blocked.
   *
   * @return how far the completed prefix reaches, at least to the offset
   */
  int awaitCompleted(int end) {
    completed = slab.completedPrefix(completed);
    for (int spins = 0; completed < end; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, PARK_NANOS);
      }
      completed = slab.completedPrefix(completed);
    }
    return completed;
  }

  /**
   * Puts everything up to an offset of the completed prefix on stable storage.
   *
   * @return false if all of it was there already
   * @throws DiskFullException if there is no room
   * @throws dev.quarry.segment.DiskShortageException if something else lacks
   * @throws IOException if it failed, and nobody knows what is on stable storage
   */
  boolean writeAndForce(int end) throws IOException {
    if (end == durable) {
      return false;
    }
    DiskFile to = file == null ? create() : file;
    file = to;
    Uninterrupted.run(() -> write(to, end));
    if (!listed) {
      disk.syncDirectory(layout.logs());
      listed = true;
    }
    durable = end;
    dirty = false;
    return true;
  }

  private DiskFile create() throws IOException {
    if (attempted) {
      disk.delete(layout.log(slab.id()));
    }
    attempted = true;
    return disk.create(layout.log(slab.id()));
  }

  /**
   * Takes back what a commit that a lack ended may have written. Needs no space; if the disk says
   * it does, nobody knows what is in the log, and that is no refusal any more.
   */
  void retract() throws IOException {
    DiskFile from = file;
    if (from == null || !dirty) {
      return;
    }
    try {
      Uninterrupted.run(() -> retract(from));
      dirty = false;
    } catch (DiskFullException e) {
      throw new IOException("a refused batch cannot be taken back: " + e.getMessage(), e);
    }
  }

  private void retract(DiskFile from) throws IOException {
    int kept = durable == FileHeader.LENGTH ? 0 : durable;
    from.truncate(kept + Disk.BLOCK - 1 & -Disk.BLOCK);
    if (kept % Disk.BLOCK != 0) {
      try (DirectMemory block = lastBlock(kept)) {
        from.write(block.buffer(), kept & -Disk.BLOCK);
      }
    }
    from.force();
  }

  /**
   * The block that the durable part ends in, with zeros behind. The slab's void records will not
   * do: a crash that keeps some sectors of them, and some of the records they stand for, would
   * leave records with holes between them.
   */
  private DirectMemory lastBlock(int kept) {
    DirectMemory block = DirectMemory.allocate(Disk.BLOCK);
    block.buffer().put(0, slab.blocks(kept, kept), 0, kept % Disk.BLOCK);
    return block;
  }

  private void write(DiskFile to, int end) throws IOException {
    int from = durable == FileHeader.LENGTH ? 0 : durable;
    ByteBuffer blocks = slab.blocks(from, end);
    dirty = true;
    to.write(blocks, from & -Disk.BLOCK);
    to.force();
  }

  /** The file, or null when nothing was ever written; the caller closes it. */
  @Nullable DiskFile release() {
    DiskFile released = file;
    file = null;
    return released;
  }
}
