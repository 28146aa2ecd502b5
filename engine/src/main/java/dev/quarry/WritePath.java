package dev.quarry;

import dev.quarry.index.Location;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.Lack;
import dev.quarry.segment.Patience;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.wal.GroupCommit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
 * <p>A lack refuses the operation for as long as its record can be made void: up to its being on
 * stable storage. From then on it must be published, and what that needs is made ready before.
 *
 * <p>No lock is held while bytes are copied. In durable mode nobody can read a record before it is
 * durable, so no reader sees what a crash then takes back. Safe for use by any number of threads.
 */
final class WritePath {

  private static final byte[] NO_VALUE = {};

  /**
   * The part of a segment up to which the value of a stream is taken into memory. Compaction leaves
   * a segment of that size, or a larger one, alone while it is live.
   */
  private static final int TAKEN_IN_PART = 4;

  private static final int USUAL_KEY_LENGTH = 512;

  /** A thread's copy of the key that it writes. */
  private static final ThreadLocal<ByteBuffer> OWN_KEY =
      ThreadLocal.withInitial(() -> keyBuffer(USUAL_KEY_LENGTH));

  private final Memtable memtable;
  private final KeyDirectory directory;
  private final LargeValues largeValues;
  private final @Nullable GroupCommit commit;
  private final FailureLatch latch;
  private final Reserve reserve;
  private final Counters counters;
  private final long largestSlabRecord;
  private final int maxValueBytes;

  /** The longest value that is taken into memory to be put into a slab. */
  private final int mostTakenIn;

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
    this.maxValueBytes = options.maxValueBytes();
    this.mostTakenIn = options.segmentBytes() / TAKEN_IN_PART;
  }

  void put(byte[] key, byte[] value) {
    if (RecordFormat.length(key.length, value.length) > largestSlabRecord) {
      putLarge(key, ByteBuffer.wrap(value), 0, value.length);
    } else {
      append(RecordFormat.PUT, key, value, null, 0, value.length);
    }
    counters.countPut((long) key.length + value.length);
  }

  /** The value is what lies between two absolute indexes of a buffer. */
  void put(byte[] key, ByteBuffer value, int from, int length) {
    if (RecordFormat.length(key.length, length) > largestSlabRecord) {
      putLarge(key, value, from, length);
    } else {
      append(RecordFormat.PUT, key, NO_VALUE, value, from, length);
    }
    counters.countPut((long) key.length + length);
  }

  private void putLarge(byte[] key, ByteBuffer value, int from, int length) {
    largeValues.put(key.clone(), ValueSource.of(value, from, length), length, false);
  }

  /**
   * Puts a value whose bytes come from a file or a stream. A short one is taken into memory before
   * it takes a place in a slab, where nobody must wait for a source; a longer one has a segment of
   * its own.
   *
   * @param key the store's own copy
   * @param expected bytes that the value is likely to have; 0 if there is no telling
   */
  <E extends Exception> void put(byte[] key, ValueSource<E> source, long expected) throws E {
    latch.checkWritable();
    ValueIntake<E> intake = new ValueIntake<>(source, maxValueBytes);
    long room = largestSlabRecord - RecordFormat.length(key.length, 0);
    int most = (int) Math.min(mostTakenIn, room);
    if (expected <= most && intake.takeIn(most, expected)) {
      ByteBuffer value = intake.taken();
      append(RecordFormat.PUT, key, NO_VALUE, value, 0, value.limit());
    } else {
      largeValues.put(key, intake, expected, true);
    }
    counters.countPut(key.length + intake.total());
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
    } catch (IOException e) {
      throw Lack.is(e) ? Refusal.of(e) : latch.fail(e);
    }
  }

  /**
   * The five steps; the value is {@code buffer} where there is one, else {@code array}. The
   * caller's key is read once, here at the beginning: what is written, and what is published, is
   * that copy.
   */
  private boolean append(
      byte kind, byte[] key, byte[] array, @Nullable ByteBuffer buffer, int from, int valueLength) {
    long length = RecordFormat.length(key.length, valueLength);
    latch.checkWritable();
    Scratch scratch = Scratch.get();
    ByteBuffer own = copyOf(key);
    directory.hash(own, scratch);
    directory.prepare(scratch);
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
          active.slab().write(ticket, kind, own, array);
        } else {
          active.slab().write(ticket, kind, own, buffer, from, valueLength);
        }
        written = true;
      } finally {
        if (!written) {
          active.slab().abandon(ticket, length);
        }
      }
      int offset = Slab.position(ticket);
      awaitDurable(active, (int) (offset + RecordFormat.align(length)), kind);
      return publish(scratch, own, active, ticket, length, kind);
    } finally {
      active.slab().settle();
    }
  }

  private static ByteBuffer copyOf(byte[] key) {
    ByteBuffer copy = OWN_KEY.get().clear();
    if (copy.capacity() < key.length) {
      copy = keyBuffer(RecordFormat.MAX_KEY_LENGTH);
      OWN_KEY.set(copy);
    }
    return copy.put(0, key).limit(key.length);
  }

  private static ByteBuffer keyBuffer(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void awaitDurable(ActiveSlab active, int end, byte kind) {
    if (commit == null) {
      return;
    }
    try {
      commit.await(Objects.requireNonNull(active.log()), end);
    } catch (IOException e) {
      if (!Lack.is(e)) {
        throw latch.fail(e);
      }
      if (kind == RecordFormat.PUT && e instanceof DiskFullException full) {
        reserve.putFoundFull(full);
      }
      throw Refusal.of(e);
    } catch (RuntimeException | Error e) {
      latch.fail(e);
      throw e;
    }
  }

  /**
   * Publishes a record that may be on stable storage. One that is not published although it may be
   * there after a restart is a failure; a lack of memory may pass before it comes to that.
   */
  private boolean publish(
      Scratch scratch, ByteBuffer key, ActiveSlab active, long ticket, long length, byte kind) {
    long sequence = active.slab().sequence(ticket);
    int offset = Slab.position(ticket);
    for (int attempt = 0; ; attempt++) {
      try {
        directory.hash(key, scratch); // again: what came between may have used the scratch
        return directory.publish(scratch, active.segment(), offset, length, sequence, kind);
      } catch (RuntimeException | Error e) {
        if (!Lack.isOfMemory(e) || !Patience.pause(attempt)) {
          latch.fail(e);
          throw e;
        }
      }
    }
  }
}
