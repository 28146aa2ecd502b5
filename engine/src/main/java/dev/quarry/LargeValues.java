package dev.quarry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Footer;
import dev.quarry.segment.Lack;
import dev.quarry.segment.LargeValueWriter;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.Patience;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts of values that no slab takes: each takes a segment of its own, which the caller's thread
 * writes and syncs, in both modes.
 *
 * <p>The value's bytes are read from the caller's memory, file or stream a staging buffer at a
 * time, with no lock held and no sequence number taken: a source that is slow, or never ends, keeps
 * nobody waiting, neither other writers nor eviction, compaction or {@link #close}. What a source
 * fails with is the caller's; it leaves nothing behind and the store as it was.
 *
 * <p>When the last byte has come the sequence number is taken from the active slab, which goes on
 * filling while the rest of the file is written. A record with a higher number may thus be
 * published first; the sequence numbers decide. That slab counts as unsettled until the value is
 * published, so no tombstone written meanwhile is forgotten too early.
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

  /** Buffers that nothing but large values uses. */
  private final StagingBuffers buffers;

  /**
   * Held for reading by every step on the disk, whose directory others may open after closing. Not
   * a {@link java.util.concurrent.locks.ReentrantReadWriteLock}: where memory runs out, that one
   * may throw from {@code lock} and be held all the same.
   */
  private final ReadWriteLock inFlight = new StampedLock().asReadWriteLock();

  /** The puts that have a file. Those whose source blocks are ended by {@link #close}. */
  private final Set<Put> open = ConcurrentHashMap.newKeySet();

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

  /**
   * Puts a value.
   *
   * @param key the store's own copy
   * @param expected bytes that the value is likely to have; 0 if there is no telling
   * @param mayBlock whether the source may; others never wait for the buffer that it fills
   */
  <E extends Exception> void put(byte[] key, ValueSource<E> value, long expected, boolean mayBlock)
      throws E {
    try (Put put = new Put(key, mayBlock ? buffers.takeAnother() : buffers.take())) {
      onDisk(() -> put.create(expected));
      LargeValueWriter writer = put.writer();
      while (value.read(writer.room()) >= 0) {
        if (writer.isFull()) {
          onDisk(put::writeStaged);
        }
      }
      onDisk(put::publish);
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  private void onDisk(Step step) {
    inFlight.readLock().lock();
    try {
      if (closed) {
        throw new StoreClosedException("the store is closed");
      }
      latch.check();
      step.run();
    } catch (BlobStoreException e) {
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      throw refusal(e);
    } finally {
      inFlight.readLock().unlock();
    }
  }

  /** What to throw when a value could not be written; after a lack nothing is left of it. */
  private RuntimeException refusal(Throwable e) {
    if (!Lack.is(e)) {
      StoreFailedException failed = latch.fail(e);
      if (e instanceof Error error) {
        throw error;
      }
      return e instanceof RuntimeException thrown ? thrown : failed;
    }
    if (e instanceof DiskFullException full) {
      reserve.putFoundFull(full);
    }
    return Refusal.of(e);
  }

  /**
   * Takes no more values, waits for the steps that are under way on the disk, and removes the files
   * of values that have not come to their end: their puts fail as soon as the source returns.
   */
  void close() {
    inFlight.writeLock().lock();
    try {
      closed = true;
      open.forEach(this::removeQuietly);
    } finally {
      inFlight.writeLock().unlock();
    }
  }

  /** A file that cannot be removed fails the store, which its closing tells. */
  private void removeQuietly(Put put) {
    try {
      put.remove();
    } catch (StoreFailedException e) {
      // latched
    }
  }

  /** One put under way. Used by its thread; {@link #remove} by that which closes the store, too. */
  private final class Put implements AutoCloseable {

    private final byte[] key;
    private final DirectMemory staging;
    private int id;
    private @Nullable LargeValueWriter writer;

    /** Bytes of disk set aside for the segment. */
    private long reserved;

    Put(byte[] key, DirectMemory staging) {
      this.key = key;
      this.staging = staging;
    }

    LargeValueWriter writer() {
      if (writer == null) {
        throw new IllegalStateException("the file is not created");
      }
      return writer;
    }

    void create(long expected) throws IOException {
      long length = RecordFormat.length(key.length, expected);
      makeRoom(Footer.fileLength(FileHeader.LENGTH + RecordFormat.align(length), 1));
      id = memtable.takeId();
      open.add(this);
      writer =
          new LargeValueWriter(
              disk, layout.segmentTemporary(id), storeId, id, key, staging.buffer());
    }

    void writeStaged() throws IOException {
      makeRoom(writer().fileLength());
      writer().writeStaged();
    }

    /** Has room for a file of some length, and does not leave it to others until the end. */
    private void makeRoom(long fileLength) {
      long more = fileLength - reserved;
      if (more > 0) {
        reserve.checkPut(more);
        reserved += memtable.bound().reserve(reserved, more);
      }
    }

    void publish() throws IOException {
      makeRoom(writer().fileLength());
      ActiveSlab active = memtable.active();
      long ticket = active.slab().takeSequence();
      while (ticket == Slab.FULL) {
        memtable.rotate(active);
        active = memtable.active();
        ticket = active.slab().takeSequence();
      }
      try {
        publish(active.slab().sequence(ticket));
      } finally {
        active.slab().settle();
      }
    }

    private void publish(long sequence) throws IOException {
      long length = writer().recordLength();
      Scratch scratch = Scratch.get();
      directory.hash(key, scratch);
      directory.prepare(scratch);
      Trailer trailer = writer().finish(sequence, directory.hasher());
      writer().close();
      Segment segment = named(trailer);
      publishDurable(scratch, segment, length, sequence);
      segment.setSettled();
      open.remove(this);
      added.accept(segment);
    }

    /**
     * Gives the file its name, for good. A lack refuses the value up to the rename. The mapping is
     * therefore made before, while the file has its temporary name.
     */
    private Segment named(Trailer trailer) throws IOException {
      MappedSegment mapped = MappedSegment.map(disk, layout.segmentTemporary(id));
      boolean named = false;
      try {
        Segment segment = new Segment(trailer, storeId, layout.segment(id), mapped);
        disk.rename(layout.segmentTemporary(id), layout.segment(id));
        syncName();
        named = true;
        return segment;
      } finally {
        if (!named) {
          mapped.retire();
        }
      }
    }

    /** Removes the file of a value that was not published; after a lack the next opening does. */
    void remove() {
      if (!open.remove(this)) {
        return;
      }
      try {
        if (writer != null) {
          writer.close();
        }
        if (!latch.isSet()) {
          disk.delete(layout.segmentTemporary(id));
        }
      } catch (IOException | OutOfMemoryError e) {
        if (!Lack.is(e)) {
          throw latch.fail(e);
        }
      }
    }

    @Override
    public void close() {
      buffers.giveBack(staging);
      try {
        removeInFlight();
      } finally {
        memtable.bound().release(reserved);
      }
    }

    private void removeInFlight() {
      inFlight.readLock().lock();
      try {
        remove();
      } finally {
        inFlight.readLock().unlock();
      }
    }
  }

  /**
   * Makes the file's name durable. The value may be there after a restart now, so a lack cannot
   * refuse it any more; one that does not pass is final.
   */
  private void syncName() throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        disk.syncDirectory(layout.segments());
        return;
      } catch (DiskShortageException | OutOfMemoryError e) {
        if (!Patience.pause(attempt)) {
          throw new IOException("the name of a large value cannot be synced: " + e.getMessage(), e);
        }
      }
    }
  }

  /** Publishes a value that is on stable storage, as {@link WritePath} does. */
  private void publishDurable(Scratch scratch, Segment segment, long length, long sequence) {
    for (int attempt = 0; ; attempt++) {
      try {
        segments.addAll(List.of(segment));
        directory.publish(scratch, segment, FileHeader.LENGTH, length, sequence, RecordFormat.PUT);
        return;
      } catch (RuntimeException | Error e) {
        if (!Lack.isOfMemory(e) || !Patience.pause(attempt)) {
          throw latch.fail(e);
        }
      }
    }
  }
}
