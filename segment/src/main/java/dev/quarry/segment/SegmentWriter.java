package dev.quarry.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Writes a segment file record by record, through a small staging buffer, so that no more than its
 * footer is ever in memory.
 *
 * <p>The file is whole, and on stable storage, when {@link #finish} returns. Not safe for use by
 * several threads.
 */
public final class SegmentWriter implements Closeable {

  private static final ByteBuffer NO_KEY = ByteBuffer.allocate(0);

  private final FileHeader header;
  private final long salt;
  private final StagingBuffers buffers;
  private final DiskFile file;
  private final DirectMemory staging;
  private final BlockWriter out;
  private final FooterBuilder footer;
  private final ByteBuffer recordHeader = littleEndian(RecordFormat.HEADER_LENGTH);
  private final ByteBuffer padding = ByteBuffer.allocate(RecordFormat.ALIGNMENT);
  private long position = FileHeader.LENGTH;

  /**
   * Creates a file, which must not exist yet.
   *
   * @param buffers lends a buffer until {@link #close}
   */
  public SegmentWriter(
      Disk disk, Path path, FileHeader header, KeyHash hasher, StagingBuffers buffers)
      throws IOException {
    this.header = header;
    this.buffers = buffers;
    this.salt = RecordFormat.salt(header.storeId(), header.segmentId());
    this.footer = new FooterBuilder(hasher);
    this.staging = buffers.take();
    this.out = begin(disk, path);
    this.file = out.file();
  }

  private BlockWriter begin(Disk disk, Path path) throws IOException {
    DiskFile created = null;
    boolean begun = false;
    try {
      created = disk.create(path);
      BlockWriter writer = new BlockWriter(created, 0, staging.buffer());
      ByteBuffer start = littleEndian(FileHeader.LENGTH);
      header.encode(start);
      writer.put(start);
      begun = true;
      return writer;
    } finally {
      if (!begun) {
        buffers.giveBack(staging);
        if (created != null) {
          created.close();
        }
      }
    }
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where the next record goes, in bytes. */
  public long position() {
    return position;
  }

  /** Bytes the file will have if nothing more is written. */
  public long fileLength() {
    return Footer.fileLength(position, footer.count());
  }

  /** Number of footer entries so far. */
  public int entries() {
    return footer.count();
  }

  /**
   * Copies a put or tombstone whose header is good. Its payload is not looked at: one that is
   * damaged stays as damaged as it was.
   *
   * @param from pinned by the caller
   * @param offset where in it the record begins
   * @param low the low half of its key's hash
   * @param high the high half
   * @return where the copy begins
   */
  public long copy(SegmentBytes from, long offset, long low, long high) throws IOException {
    ByteBuffer head = from.head();
    int at = (int) offset;
    int keyLength = RecordFormat.keyLength(head, at);
    int valueLength = (int) RecordFormat.valueLength(head, at);
    long sequence = RecordFormat.sequence(head, at);
    byte kind = RecordFormat.kind(head, at);
    final long copy = position;
    footer.add(low, high, copy, RecordFormat.length(head, at), sequence, kind);
    long keyOffset = offset + RecordFormat.HEADER_LENGTH;
    append(
        kind,
        sequence,
        RecordFormat.payloadCrc(head, at),
        from.slice(keyOffset, keyLength),
        valueLength == 0 ? NO_KEY.duplicate() : from.slice(keyOffset + keyLength, valueLength));
    return copy;
  }

  /**
   * Writes a batch.
   *
   * @param kind {@link RecordFormat#EVICTIONS} or {@link RecordFormat#REPLACES}
   * @param sequence of the record
   * @param entries from position 0 to its limit
   */
  public void batch(byte kind, long sequence, ByteBuffer entries) throws IOException {
    long offset = position;
    ByteBuffer whole = littleEndian(entries.limit() + RecordFormat.HEADER_LENGTH);
    whole.put(RecordFormat.HEADER_LENGTH, entries, 0, entries.limit());
    whole.putInt(RecordFormat.LENGTH_OFFSET, whole.limit());
    whole.put(RecordFormat.KIND_OFFSET, kind);
    Batch.forEach(whole, 0, atOffset(offset));
    ByteBuffer payload = entries.duplicate().rewind();
    append(kind, sequence, Checksum.of(payload.duplicate()), NO_KEY.duplicate(), payload);
  }

  /** Hands the entries of a batch to the footer as ones of a batch elsewhere. */
  private RecordVisitor atOffset(long batch) {
    return new RecordVisitor() {
      @Override
      public void record(byte kind, byte[] key, long offset, long length, long sequence) {
        throw new IllegalStateException("a batch holds no records");
      }

      @Override
      public void evicted(long low, long high, long offset, long length, long sequence) {
        footer.evicted(low, high, batch, length, sequence);
      }

      @Override
      public void replaced(long segmentId, long offset) {
        footer.replaced(segmentId, batch);
      }
    };
  }

  private void append(byte kind, long sequence, int payloadCrc, ByteBuffer key, ByteBuffer value)
      throws IOException {
    long length = RecordFormat.length(key.remaining(), value.remaining());
    RecordFormat.encodeHeader(
        recordHeader.clear(),
        0,
        salt + position,
        length,
        sequence,
        payloadCrc,
        key.remaining(),
        kind);
    recordHeader.putInt(RecordFormat.LENGTH_OFFSET, (int) length);
    out.put(recordHeader);
    out.put(key);
    out.put(value);
    padding.clear().limit((int) (RecordFormat.align(length) - length));
    out.put(padding);
    position += RecordFormat.align(length);
  }

  /**
   * Writes the footer and syncs the file.
   *
   * @param highestSequence of the segment
   */
  public Trailer finish(long highestSequence) throws IOException {
    Trailer trailer = footer.trailer(header, position, highestSequence);
    footer.write(out, trailer, salt);
    file.force();
    return trailer;
  }

  /** Closes the file, whole or not. Once. */
  @Override
  public void close() throws IOException {
    buffers.giveBack(staging);
    file.close();
  }
}
