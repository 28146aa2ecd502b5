package dev.quarry.segment;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * The bytes of one segment, in a slab or in a mapping, which a reader must hold a pin on while it
 * looks at them.
 *
 * <p>{@link #retire} ends it: no new pin is given, and {@link #release} runs once, when the last
 * pin has gone. Safe for use by any number of threads.
 */
public abstract class SegmentBytes {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final int RETIRED = Integer.MIN_VALUE;

  /** Not a VarHandle, each of whose calls takes memory the first time. */
  private static final AtomicIntegerFieldUpdater<SegmentBytes> PINS =
      AtomicIntegerFieldUpdater.newUpdater(SegmentBytes.class, "pins");

  private final ByteBuffer head;

  /** How many readers hold on to the bytes; the sign bit says that they are retired. */
  @SuppressWarnings("unused") // through PINS
  private volatile int pins;

  private volatile boolean lent;

  /**
   * @param head the bytes from the segment's start on, all of them unless a segment is over 2 GiB
   */
  protected SegmentBytes(ByteBuffer head) {
    this.head = head.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Takes a pin, unless the bytes are retired. */
  public final boolean tryPin() {
    for (; ; ) {
      int seen = pins;
      if (seen < 0) {
        return false;
      }
      if (PINS.compareAndSet(this, seen, seen + 1)) {
        return true;
      }
    }
  }

  /** Takes a pin as long as somebody else holds one, whether or not the bytes are retired. */
  public final boolean tryPinBeside() {
    for (; ; ) {
      int seen = pins;
      if ((seen & ~RETIRED) == 0) {
        return false;
      }
      if (PINS.compareAndSet(this, seen, seen + 1)) {
        return true;
      }
    }
  }

  /** Gives a pin back. */
  public final void unpin() {
    if (PINS.getAndAdd(this, -1) == RETIRED + 1) {
      release();
    }
  }

  /** Refuses new pins from now on; the memory goes when the last pin has. */
  public final void retire() {
    int seen = pins;
    while (!PINS.compareAndSet(this, seen, seen | RETIRED)) {
      seen = pins;
    }
    if (seen == 0) {
      release();
    }
  }

  /** Whether a reader holds a pin. */
  public final boolean isPinned() {
    return (pins & ~RETIRED) != 0;
  }

  /**
   * Notes that a buffer over these bytes went to a caller who may keep it for longer than the pin.
   */
  public final void lend() {
    if (!lent) {
      lent = true;
    }
  }

  /** Whether a caller may hold a buffer over these bytes. */
  public final boolean isLent() {
    return lent;
  }

  /**
   * The bytes from the segment's start on, little-endian, for absolute access: the header, every
   * record's header and key, and all else of a segment of less than 2 GiB.
   */
  public final ByteBuffer head() {
    return head;
  }

  /** Bytes in the segment, or in its slab. */
  public abstract long size();

  /** A new view of a part, which must lie within one record's header and key, or in its value. */
  public final ByteBuffer slice(long offset, int length) {
    return holder(offset).slice((int) (offset - holderOffset(offset)), length);
  }

  /** Copies a part, as {@link #slice} would give it, to where a buffer's position is. */
  public final void copyTo(ByteBuffer destination, long offset, int length) {
    int at = (int) (offset - holderOffset(offset));
    destination.put(destination.position(), holder(offset), at, length);
    destination.position(destination.position() + length);
  }

  /** Copies a part, as {@link #slice} would give it, to a whole array. */
  public final void copyTo(byte[] destination, long offset) {
    holder(offset).get((int) (offset - holderOffset(offset)), destination);
  }

  /** The buffer that the byte at an offset is in. */
  protected ByteBuffer holder(long offset) {
    return head;
  }

  /** Where in the segment that buffer begins. */
  protected long holderOffset(long offset) {
    return 0;
  }

  /** Lets go of the memory. Called once, without locks. */
  protected abstract void release();

  /**
   * Whether {@link #slice} can give the key, and the value, of the record at an offset, whose
   * header is good and which ends within the segment.
   */
  final boolean holdsRecord(int offset) {
    int keyLength = RecordFormat.keyLength(head, offset);
    long keyOffset = offset + (long) RecordFormat.HEADER_LENGTH;
    return keyOffset + keyLength <= head.limit()
        && holds(keyOffset, keyLength)
        && holds(keyOffset + keyLength, RecordFormat.valueLength(head, offset));
  }

  private boolean holds(long offset, long length) {
    return offset - holderOffset(offset) + length <= holder(offset).limit();
  }

  /** Whether the key and value of the record at an offset are what its header says they were. */
  public final boolean isPayloadIntact(int offset) {
    int keyLength = RecordFormat.keyLength(head, offset);
    int keyOffset = offset + RecordFormat.HEADER_LENGTH;
    int valueLength = (int) RecordFormat.valueLength(head, offset);
    ByteBuffer key = slice(keyOffset, keyLength);
    ByteBuffer value =
        valueLength == 0 ? NOTHING : slice((long) keyOffset + keyLength, valueLength);
    return Checksum.of(key, value) == RecordFormat.payloadCrc(head, offset);
  }
}
