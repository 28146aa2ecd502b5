package dev.quarry.segment;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Page-aligned off-heap memory that is the image of one segment file, byte for byte, while it
 * fills.
 *
 * <p>A writer takes a place with {@link #reserve}, which hands out the sequence number and the
 * position in one step, so that log order is sequence order; encodes its record there, with no
 * lock; and completes it by a release store of the record's length, which is zero until then, as in
 * a ring buffer. Whoever walks the log forward stops at the first length that is still zero: what
 * lies before is the <em>completed prefix</em>. A writer that fails after it took its place must
 * {@link #abandon} it, or the log ends there for ever.
 *
 * <p>{@link #settle} is called once for every sequence number handed out, when its record is
 * published or given up. A sealed slab is {@link #isSettled} when no record with one of its
 * sequence numbers, or a lower one of the same slab, can still appear to readers.
 *
 * <p>Safe for use by any number of threads, except {@link #finish}, which needs a sealed slab whose
 * records are all complete, and one caller.
 */
public final class Slab extends SegmentBytes {

  /** What {@link #reserve} and {@link #takeSequence} return when the slab is sealed or full. */
  public static final long FULL = -1;

  private static final VarHandle TAIL;
  private static final VarHandle INT_VIEW =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long SEALED = Long.MIN_VALUE;
  private static final long ONE_SEQUENCE = 1L << 32;
  private static final ByteBuffer NO_KEY = ByteBuffer.allocate(0);

  static {
    try {
      TAIL = MethodHandles.lookup().findVarHandle(Slab.class, "tail", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ByteBuffer memory;
  private final FileHeader header;
  private final long salt;
  private final Consumer<Slab> recycle;

  /** Sealed (bit 63), sequence numbers handed out (bits 32 to 62), position in bytes (0 to 31). */
  @SuppressWarnings("unused") // through TAIL
  private volatile long tail = FileHeader.LENGTH;

  private final AtomicInteger settled = new AtomicInteger();

  /**
   * @param memory of {@link DirectMemory}, all zeros; its capacity bounds the segment file
   * @param header of the segment
   * @param recycle told when the slab is retired and the last reader has gone, so that the memory
   *     can be used otherwise
   */
  public Slab(ByteBuffer memory, FileHeader header, Consumer<Slab> recycle) {
    super(memory);
    this.memory = head();
    this.header = header;
    this.salt = RecordFormat.salt(header.storeId(), header.segmentId());
    this.recycle = recycle;
    header.encode(this.memory);
    INT_VIEW.setRelease(this.memory, FileHeader.LENGTH, 0); // linking this takes memory, once
  }

  /** The longest record, unaligned, that an empty slab of that many bytes has room for. */
  public static long largestRecord(int bytes) {
    return (long) bytes - FileHeader.LENGTH - Footer.ENTRY_LENGTH - Footer.TRAILER_LENGTH;
  }

  /** The header of the segment. */
  public FileHeader header() {
    return header;
  }

  /** The segment's id. */
  public long id() {
    return header.segmentId();
  }

  /** What binds records to the segment. */
  public long salt() {
    return salt;
  }

  @Override
  public long size() {
    return memory.capacity();
  }

  // ---- taking places ----

  /**
   * Takes the next sequence number, and a place for a record.
   *
   * @param length bytes of the record, without padding
   * @return a ticket for {@link #position} and {@link #sequence}, or {@link #FULL}
   */
  public long reserve(long length) {
    return take(RecordFormat.align(length), 1);
  }

  /**
   * Takes a place for a batch, and a sequence number for each of its entries, as each takes an
   * entry of the footer.
   *
   * @return a ticket or {@link #FULL}; {@link #settle} is due for every entry
   */
  public long reserveBatch(int entries) {
    return take(Batch.recordLength(entries), entries);
  }

  /** Takes a sequence number for a record that is not in this slab; a ticket or {@link #FULL}. */
  public long takeSequence() {
    return take(0, 1);
  }

  private long take(long aligned, int sequences) {
    for (; ; ) {
      long seen = tail;
      if (seen < 0 || !hasRoom(seen, aligned, sequences)) {
        return FULL;
      }
      if (TAIL.compareAndSet(this, seen, seen + sequences * ONE_SEQUENCE + aligned)) {
        return seen;
      }
    }
  }

  private boolean hasRoom(long seen, long aligned, int sequences) {
    long entries = (seen >>> 32) + sequences;
    return entries < Integer.MAX_VALUE
        && position(seen) + aligned + entries * Footer.ENTRY_LENGTH + Footer.TRAILER_LENGTH
            <= memory.capacity();
  }

  /** Where a ticket's record goes. */
  public static int position(long ticket) {
    return (int) ticket;
  }

  /** A ticket's sequence number. */
  public long sequence(long ticket) {
    return header.firstSequence() + (ticket >>> 32 & Integer.MAX_VALUE);
  }

  /** The sequence number after the last that was handed out; final once the slab is sealed. */
  public long nextSequence() {
    return sequence(tail);
  }

  /** Hands out no more places. Any number of calls, from any thread. */
  public void seal() {
    long seen = tail;
    while (!TAIL.compareAndSet(this, seen, seen | SEALED)) {
      seen = tail;
    }
  }

  /**
   * Seals the slab if it {@link #isIdle}, in one step.
   *
   * @return whether it did; false if it was sealed before
   */
  public boolean sealIfIdle() {
    long seen = tail;
    return seen > 0 && isIdle(seen) && TAIL.compareAndSet(this, seen, seen | SEALED);
  }

  /** Whether {@link #seal} was called. */
  public boolean isSealed() {
    return tail < 0;
  }

  /** Where the last place handed out ends; final once the slab is sealed. */
  public int end() {
    return position(tail);
  }

  /** Whether no place was ever handed out. */
  public boolean isEmpty() {
    return end() == FileHeader.LENGTH;
  }

  // ---- filling places ----

  /**
   * Has the memory ready that a thread needs to {@link #abandon} a place or void a record, so that
   * a place that is taken afterwards is never left empty for a lack of memory.
   */
  public static void prepareThread() {
    RecordFormat.prepareThread();
  }

  /**
   * Writes and completes a ticket's record, of the length that was reserved. Each byte of key and
   * value is copied once, and the checksum is that of the copy.
   *
   * @param key from index 0 to its limit
   */
  public void write(long ticket, byte kind, ByteBuffer key, byte[] value) {
    int at = position(ticket);
    memory.put(at + RecordFormat.HEADER_LENGTH + key.limit(), value);
    complete(at, sequence(ticket), kind, key, value.length);
  }

  /**
   * Writes and completes a ticket's record, of the length that was reserved.
   *
   * @param key from index 0 to its limit
   * @param value heap or direct; its position is neither looked at nor moved
   * @param from where in it the value begins, which must end within its limit
   * @param length bytes in the value
   */
  public void write(
      long ticket, byte kind, ByteBuffer key, ByteBuffer value, int from, int length) {
    int at = position(ticket);
    memory.put(at + RecordFormat.HEADER_LENGTH + key.limit(), value, from, length);
    complete(at, sequence(ticket), kind, key, length);
  }

  private void complete(int at, long sequence, byte kind, ByteBuffer key, int valueLength) {
    int keyLength = key.limit();
    memory.put(at + RecordFormat.HEADER_LENGTH, key, 0, keyLength);
    int payloadCrc =
        Checksum.of(memory.slice(at + RecordFormat.HEADER_LENGTH, keyLength + valueLength));
    long length = RecordFormat.length(keyLength, valueLength);
    RecordFormat.encodeHeader(memory, at, salt, length, sequence, payloadCrc, keyLength, kind);
    INT_VIEW.setRelease(memory, at, (int) length);
  }

  /**
   * Writes and completes a batch.
   *
   * @param entries from position 0 to its limit; as many as were reserved
   */
  public void writeBatch(long ticket, ByteBuffer entries) {
    write(ticket, RecordFormat.EVICTIONS, NO_KEY, entries, 0, entries.limit());
  }

  /** Completes a ticket's record as a void one of the length that was reserved. */
  public void abandon(long ticket, long length) {
    int at = position(ticket);
    RecordFormat.encodeHeader(memory, at, salt, length, sequence(ticket), 0, 0, RecordFormat.VOID);
    INT_VIEW.setRelease(memory, at, (int) length);
  }

  /**
   * Turns complete records that nobody has published into void ones.
   *
   * @param from where the first begins
   * @param to where the last ends
   */
  public void voidRecords(int from, int to) {
    for (int at = from; at < to; ) {
      long length = RecordFormat.length(memory, at);
      long sequence = RecordFormat.sequence(memory, at);
      RecordFormat.encodeHeader(memory, at, salt, length, sequence, 0, 0, RecordFormat.VOID);
      at += (int) RecordFormat.align(length);
    }
  }

  /** Notes that the record of one sequence number has been published, or never will be. */
  public void settle() {
    settled.getAndIncrement();
  }

  /** The same for as many sequence numbers as a batch has entries. */
  public void settleBatch(int entries) {
    settled.getAndAdd(entries);
  }

  /** Whether the slab is sealed and every sequence number it handed out is settled. */
  public boolean isSettled() {
    long seen = tail;
    return seen < 0 && (int) (seen >>> 32 & Integer.MAX_VALUE) == settled.get();
  }

  /** Whether nothing was ever written here, and every sequence number handed out is settled. */
  public boolean isIdle() {
    return isIdle(tail);
  }

  private boolean isIdle(long seen) {
    return position(seen) == FileHeader.LENGTH
        && (int) (seen >>> 32 & Integer.MAX_VALUE) == settled.get();
  }

  // ---- reading and finishing ----

  /**
   * Where the completed prefix ends.
   *
   * @param from an earlier result, or {@link FileHeader#LENGTH}
   */
  public int completedPrefix(int from) {
    int end = end();
    int at = from;
    while (at < end) {
      int length = (int) INT_VIEW.getAcquire(memory, at);
      if (length == 0) {
        break;
      }
      at += (int) RecordFormat.align(Integer.toUnsignedLong(length));
    }
    return at;
  }

  /** The blocks that hold a range of bytes, for writing them to the same place of a file. */
  public ByteBuffer blocks(int from, int to) {
    int first = from & -Disk.BLOCK;
    int last = to + Disk.BLOCK - 1 & -Disk.BLOCK;
    return memory.slice(first, Math.min(last, memory.capacity()) - first);
  }

  /** Hands every complete put and tombstone, from the start up to an offset, to a visitor. */
  public void forEachRecord(int end, RecordVisitor visitor) {
    forEachRecord(FileHeader.LENGTH, end, visitor);
  }

  /** The same from where a record begins. */
  public void forEachRecord(int from, int end, RecordVisitor visitor) {
    RecordVisitor.walk(this, from, end, visitor);
  }

  /**
   * Writes the footer and the trailer behind the records. The slab is then the whole segment file.
   *
   * @return the trailer; its file length says how much of the slab is the file
   */
  public Trailer finish(KeyHash hasher) {
    FooterBuilder footer = new FooterBuilder(hasher);
    forEachRecord(end(), footer);
    Trailer trailer = footer.trailer(header, end(), nextSequence() - 1);
    memory.put(end(), footer.entries(), 0, footer.entries().limit());
    trailer.encode(memory, (int) trailer.fileLength() - Footer.TRAILER_LENGTH, salt);
    return trailer;
  }

  @Override
  protected void release() {
    recycle.accept(this);
  }
}
