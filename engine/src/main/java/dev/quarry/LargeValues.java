package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskInterruptedException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.LargeValueWriter;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;

/**
 * Puts of values that no slab holds: each takes a segment of its own, which the caller's thread
 * writes and syncs, in both modes.
 *
 * <p>The sequence number is taken from the active slab, which goes on filling meanwhile. A record
 * with a higher one may thus be published first; the sequence numbers decide. That slab counts as
 * unsettled until the value is published, so no tombstone written meanwhile is forgotten too early.
 *
 * <p>A crash before the rename leaves a temporary file, which the next opening removes. Safe for
 * use by any number of threads.
 */
final class LargeValues {

  private final UUID storeId;
  private final Disk disk;
  private final StoreLayout layout;
  private final Memtable memtable;
  private final KeyDirectory directory;
  private final SegmentTable segments;
  private final FailureLatch latch;
  private final Reserve reserve;
  private final Consumer<Segment> added;

  private final StagingBuffers buffers;

  /** Held for reading by every put; what it guards is the directory that others may open next. */
  private final ReadWriteLock inFlight = new ReentrantReadWriteLock();

  @GuardedBy("inFlight")
  private boolean closed;

  /**
   * @param added told of every new segment
   */
  LargeValues(
      UUID storeId,
      Disk disk,
      StoreLayout layout,
      StagingBuffers buffers,
      Memtable memtable,
      KeyDirectory directory,
      SegmentTable segments,
      FailureLatch latch,
      Reserve reserve,
      Consumer<Segment> added) {
    this.storeId = storeId;
    this.disk = disk;
    this.layout = layout;
    this.buffers = buffers;
    this.memtable = memtable;
    this.directory = directory;
    this.segments = segments;
    this.latch = latch;
    this.reserve = reserve;
    this.added = added;
  }

  void put(byte[] key, ByteBuffer value) {
    inFlight.readLock().lock();
    try {
      if (closed) {
        throw new StoreClosedException("the store is closed");
      }
      latch.check();
      putOpen(key, value);
    } finally {
      inFlight.readLock().unlock();
    }
  }

  /** Takes no more values, and waits for those that are being written. */
  void close() {
    inFlight.writeLock().lock();
    try {
      closed = true;
    } finally {
      inFlight.writeLock().unlock();
    }
  }

  private void putOpen(byte[] key, ByteBuffer value) {
    long length = RecordFormat.length(key.length, value.remaining());
    long fileLength = Footer.fileLength(FileHeader.LENGTH + RecordFormat.align(length), 1);
    reserve.checkPut(fileLength);
    memtable.bound().reserve(fileLength);
    try {
      putReserved(key, value, length);
    } finally {
      memtable.bound().release(fileLength);
    }
  }

  private void putReserved(byte[] key, ByteBuffer value, long length) {
    ActiveSlab active = memtable.active();
    long ticket = active.slab().takeSequence();
    while (ticket == Slab.FULL) {
      memtable.rotate(active);
      active = memtable.active();
      ticket = active.slab().takeSequence();
    }
    try {
      put(key, value, length, active.slab().sequence(ticket));
    } finally {
      active.slab().settle();
    }
  }

  private void put(byte[] key, ByteBuffer value, long length, long sequence) {
    int id = memtable.takeId();
    Segment segment;
    try {
      segment = write(id, key, value, sequence);
    } catch (DiskFullException e) {
      remove(id);
      reserve.putFoundFull(e);
      throw new StoreFullException("the disk is full: " + e.getMessage(), e);
    } catch (IOException e) {
      throw latch.fail(e);
    }
    try {
      segments.addAll(List.of(segment));
      Scratch scratch = Scratch.get();
      directory.hash(key, scratch);
      directory.publish(scratch, segment, FileHeader.LENGTH, length, sequence, RecordFormat.PUT);
    } catch (RuntimeException | Error e) {
      latch.fail(e);
      throw e;
    }
    segment.setSettled();
    added.accept(segment);
  }

  private Segment write(int id, byte[] key, ByteBuffer value, long sequence) throws IOException {
    Path temporary = layout.segmentTemporary(id);
    FileHeader header = FileHeader.segment(storeId, id, sequence);
    for (; ; ) {
      try {
        Trailer trailer =
            LargeValueWriter.write(
                disk, temporary, header, sequence, key, value, directory.hasher(), buffers);
        return take(id, trailer);
      } catch (DiskInterruptedException e) {
        disk.delete(temporary); // what reached the disk is unknown: all of it is written once more
      }
    }
  }

  /** Gives the file its name; what fails from then on leaves it open whether it is there. */
  private Segment take(int id, Trailer trailer) throws IOException {
    try {
      disk.rename(layout.segmentTemporary(id), layout.segment(id));
      disk.syncDirectory(layout.segments());
      MappedSegment mapped = MappedSegment.map(disk, layout.segment(id));
      return new Segment(trailer, storeId, layout.segment(id), mapped);
    } catch (RuntimeException | Error e) {
      latch.fail(e);
      throw e;
    }
  }

  private void remove(int id) {
    try {
      disk.delete(layout.segmentTemporary(id));
      disk.delete(layout.segment(id));
      disk.syncDirectory(layout.segments());
    } catch (IOException e) {
      throw latch.fail(e);
    }
  }
}
