package dev.quarry.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Writes a segment that holds a single record, whose value comes piece by piece and may be of any
 * length, through one staging buffer.
 *
 * <p><b>Each byte of the value is read once.</b> The caller puts bytes into {@link #room}, memory
 * of the writer's own, and everything after that works on those copies: the checksum is that of the
 * bytes that are written, whatever the source of the value does meanwhile.
 *
 * <p><b>The first block is written last.</b> It holds the headers of the file and of the record,
 * and so the length and the checksum of the value and the sequence number, which are known when the
 * last byte has come. A part of the staging buffer keeps it until then. A crash before that leaves
 * a file that is no segment.
 *
 * <p><b>An interrupt</b> that cuts a call short leaves it unknown what of the bytes since the last
 * sync will reach the disk. No source is asked for its bytes again: the interrupted piece, which is
 * still staged, is written again at once, and before the sync that the value relies on, all of the
 * file is read back and written again. A checksum of the pieces, taken when they were staged, shows
 * that what is read back is what was written.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class LargeValueWriter implements Closeable {

  private static final int KEY_OFFSET = FileHeader.LENGTH + RecordFormat.HEADER_LENGTH;

  private final UUID storeId;
  private final long segmentId;
  private final byte[] key;
  private final DiskFile file;

  /** The first block of the file. */
  private final ByteBuffer first;

  /** What comes next of the file's other blocks. */
  private final ByteBuffer body;

  private final CRC32C payloadCrc = new CRC32C();

  /** Of everything that was written from the second block on. */
  private final CRC32C bodyCrc = new CRC32C();

  /** Where in the file the body's bytes go. */
  private long written = Disk.BLOCK;

  /** Whether a call since the last sync was interrupted. */
  private boolean interrupted;

  /**
   * Creates a file, which must not exist yet.
   *
   * @param key of the record; not to be changed until {@link #finish} returns
   * @param staging of {@link StagingBuffers}, larger than the key by a block; to be given back when
   *     the writer is used no more
   */
  public LargeValueWriter(
      Disk disk, Path path, UUID storeId, long segmentId, byte[] key, ByteBuffer staging)
      throws IOException {
    this.storeId = storeId;
    this.segmentId = segmentId;
    this.key = key;
    this.first = little(staging.slice(0, Disk.BLOCK));
    this.body = little(staging.slice(Disk.BLOCK, staging.capacity() - Disk.BLOCK));
    first.position(KEY_OFFSET);
    put(ByteBuffer.wrap(key));
    this.file = disk.create(path);
  }

  private static ByteBuffer little(ByteBuffer buffer) {
    return buffer.order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Where the next bytes of the value go: at least one byte remains. Bytes that the caller puts
   * there, moving the position, are part of the value.
   */
  public ByteBuffer room() {
    return first.hasRemaining() ? first : body;
  }

  /** Whether {@link #writeStaged} must be called before more bytes are put into {@link #room}. */
  public boolean isFull() {
    return !body.hasRemaining();
  }

  /** Bytes of the record if the value ends here. */
  public long recordLength() {
    return position() - FileHeader.LENGTH;
  }

  /** Bytes the file will have if the value ends here. */
  public long fileLength() {
    return Footer.fileLength(RecordFormat.align(position()), 1);
  }

  /** Where in the file the next byte goes. */
  private long position() {
    return first.hasRemaining() ? first.position() : written + body.position();
  }

  /** Writes what is staged, which fills the staging buffer, and makes room for more. */
  public void writeStaged() throws IOException {
    sumStaged();
    writeBody();
  }

  /** Adds to the checksum what is staged of key and value. */
  private void sumStaged() {
    if (written == Disk.BLOCK) {
      payloadCrc.update(first.duplicate().flip().position(KEY_OFFSET));
    }
    payloadCrc.update(body.duplicate().flip());
  }

  private void writeBody() throws IOException {
    ByteBuffer piece = body.duplicate().flip();
    bodyCrc.update(piece.duplicate());
    write(piece, written);
    written += piece.limit();
    body.clear();
  }

  /** Writes a piece that stays staged until it is written. */
  private void write(ByteBuffer piece, long position) throws IOException {
    for (; ; ) {
      try {
        file.write(piece.duplicate(), position);
        return;
      } catch (DiskInterruptedException e) {
        interrupted = true;
      }
    }
  }

  /**
   * Ends the value, writes the rest of the file and syncs it.
   *
   * @param sequence of the record
   * @return the trailer; the record is at {@link FileHeader#LENGTH}
   */
  public Trailer finish(long sequence, KeyHash hasher) throws IOException {
    sumStaged();
    long length = recordLength();
    FileHeader header = FileHeader.segment(storeId, segmentId, sequence);
    FooterBuilder footer = new FooterBuilder(hasher);
    footer.record(RecordFormat.PUT, key, FileHeader.LENGTH, length, sequence);
    Trailer trailer = footer.trailer(header, RecordFormat.align(position()), sequence);
    long salt = RecordFormat.salt(storeId, segmentId);
    put(ByteBuffer.allocate((int) (trailer.recordsEnd() - position())));
    put(footer.entries());
    put(ByteBuffer.allocate((int) (trailer.fileLength() - Footer.TRAILER_LENGTH - position())));
    ByteBuffer last = little(ByteBuffer.allocate(Footer.TRAILER_LENGTH));
    trailer.encode(last, 0, salt);
    put(last);
    if (body.position() > 0) {
      writeBody();
    }
    encodeHeaders(header, salt, length, sequence);
    first.clear();
    write(first, 0);
    force();
    return trailer;
  }

  private void encodeHeaders(FileHeader header, long salt, long length, long sequence) {
    header.encode(first);
    RecordFormat.encodeHeader(
        first,
        FileHeader.LENGTH,
        salt,
        length,
        sequence,
        (int) payloadCrc.getValue(),
        key.length,
        RecordFormat.PUT);
    first.putInt(FileHeader.LENGTH + RecordFormat.LENGTH_OFFSET, (int) length);
  }

  /** Stages bytes, and writes them where they fill the buffer. */
  private void put(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (isFull()) {
        writeBody();
      }
      ByteBuffer room = room();
      int chunk = Math.min(room.remaining(), bytes.remaining());
      room.put(bytes.slice(bytes.position(), chunk));
      bytes.position(bytes.position() + chunk);
    }
  }

  private void force() throws IOException {
    for (; ; ) {
      try {
        if (interrupted) {
          interrupted = false;
          writeAgain();
        }
        file.force();
        return;
      } catch (DiskInterruptedException e) {
        interrupted = true;
      }
    }
  }

  /** Writes everything again that was written since the file was created. */
  private void writeAgain() throws IOException {
    CRC32C crc = new CRC32C();
    for (long at = Disk.BLOCK; at < written; at += body.limit()) {
      body.clear().limit((int) Math.min(body.capacity(), written - at));
      if (file.read(body, at) < body.limit()) {
        throw new IOException(file.path() + " is shorter than what was written to it");
      }
      crc.update(body.flip());
      file.write(body.flip(), at);
    }
    if (crc.getValue() != bodyCrc.getValue()) {
      throw new IOException(file.path() + " does not hold what was written to it");
    }
    file.write(first.duplicate(), 0);
  }

  /** Closes the file, whole or not. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
