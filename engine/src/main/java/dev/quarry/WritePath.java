package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.wal.GroupCommit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts and deletes. Each takes five steps:
 *
 * <ol>
 *   <li>take a place in the active slab, and a sequence number with it; rotate when it is full;
 *   <li>write the record there, and complete it;
 *   <li>in durable mode, wait until it is on stable storage;
 *   <li>publish it: bloom filter, then index, unless a newer record of the key was faster;
 *   <li>settle the sequence number, whatever became of it.
 * </ol>
 *
 * <p>No lock is held while bytes are copied. In durable mode nobody can read a record before it is
 * durable, so no reader sees what a crash then takes back. Safe for use by any number of threads.
 */
final class WritePath {

  private static final byte[] NO_VALUE = {};

  private final Memtable memtable;
  private final KeyDirectory directory;
  private final LargeValues largeValues;
  private final @Nullable GroupCommit commit;
  private final FailureLatch latch;
  private final Reserve reserve;
  private final Counters counters;
  private final long largestSlabRecord;

  /**
   * @param commit the log; null in a cache
   */
  WritePath(
      Memtable memtable,
      KeyDirectory directory,
      LargeValues largeValues,
      @Nullable GroupCommit commit,
      FailureLatch latch,
      Reserve reserve,
      Counters counters,
      BlobStoreOptions options) {
    this.memtable = memtable;
    this.directory = directory;
    this.largeValues = largeValues;
    this.commit = commit;
    this.latch = latch;
    this.reserve = reserve;
    this.counters = counters;
    this.largestSlabRecord = options.largestSlabRecord();
  }

  void put(byte[] key, byte[] value) {
    if (RecordFormat.length(key.length, value.length) > largestSlabRecord) {
      largeValues.put(key, ByteBuffer.wrap(value));
    } else {
      append(RecordFormat.PUT, key, value, null, 0, value.length);
    }
    counters.countPut((long) key.length + value.length);
  }

  /** The value is what lies between two absolute indexes of a buffer. */
  void put(byte[] key, ByteBuffer value, int from, int length) {
    if (RecordFormat.length(key.length, length) > largestSlabRecord) {
      largeValues.put(key, value.slice(from, length));
    } else {
      append(RecordFormat.PUT, key, NO_VALUE, value, from, length);
    }
    counters.countPut((long) key.length + length);
  }

  /**
   * Writes the tombstone of a key that had a value a moment ago.
   *
   * @return whether it took the value away, or would have, had not a later put been faster
   */
  boolean delete(byte[] key) {
    boolean published = appendTombstone(key);
    Scratch scratch = Scratch.get();
    long other = published ? scratch.replaced.location() : directory.find(scratch);
    boolean deleted = other != Location.NONE && !Location.isTombstone(other);
    if (deleted) {
      counters.deletes.increment();
    }
    return deleted;
  }

  /**
   * A tombstone that finds the disk full is void, and is written anew in the room of the reserve.
   */
  private boolean appendTombstone(byte[] key) {
    for (; ; ) {
      int before = reserve.releases();
      try {
        return append(RecordFormat.TOMBSTONE, key, NO_VALUE, null, 0, 0);
      } catch (StoreFullException e) {
        if (!releaseAfter(before)) {
          throw e;
        }
      }
    }
  }

  private boolean releaseAfter(int before) {
    try {
      return reserve.releaseAfter(before);
    } catch (DiskFullException e) {
      throw new StoreFullException("the disk is full: " + e.getMessage(), e);
    } catch (IOException e) {
      throw latch.fail(e);
    }
  }

  /** The five steps; the value is {@code buffer} where there is one, else {@code array}. */
  private boolean append(
      byte kind, byte[] key, byte[] array, @Nullable ByteBuffer buffer, int from, int valueLength) {
    long length = RecordFormat.length(key.length, valueLength);
    latch.checkWritable();
    ActiveSlab active = null;
    long ticket = Slab.FULL;
    while (ticket == Slab.FULL) {
      if (active != null) {
        memtable.rotate(active);
      }
      if (kind == RecordFormat.PUT) {
        reserve.checkPut(length); // again after a rotation, which may have used the reserve
      }
      active = memtable.active();
      ticket = active.slab().reserve(length);
    }
    try {
      boolean written = false;
      try {
        if (buffer == null) {
          active.slab().write(ticket, kind, key, array);
        } else {
          active.slab().write(ticket, kind, key, buffer, from, valueLength);
        }
        written = true;
      } finally {
        if (!written) {
          active.slab().abandon(ticket, length);
        }
      }
      try {
        int offset = Slab.position(ticket);
        awaitDurable(active, (int) (offset + RecordFormat.align(length)), kind);
        Scratch scratch = Scratch.get();
        directory.hash(key, scratch);
        long sequence = active.slab().sequence(ticket);
        return directory.publish(scratch, active.segment(), offset, length, sequence, kind);
      } catch (BlobStoreException e) {
        throw e;
      } catch (RuntimeException | Error e) {
        latch.fail(e); // the record may be there after a restart, and is not now
        throw e;
      }
    } finally {
      active.slab().settle();
    }
  }

  private void awaitDurable(ActiveSlab active, int end, byte kind) {
    if (commit == null) {
      return;
    }
    try {
      commit.await(Objects.requireNonNull(active.log()), end);
    } catch (DiskFullException e) {
      if (kind == RecordFormat.PUT) {
        reserve.putFoundFull(e);
      }
      throw new StoreFullException("the disk is full: " + e.getMessage(), e);
    } catch (IOException e) {
      throw latch.fail(e);
    }
  }
}
