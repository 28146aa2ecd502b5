package dev.quarry.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Makes the entries of a footer, and the trailer, from the records that they are about. */
public final class FooterBuilder implements RecordVisitor {

  private final KeyHash hasher;
  private final long[] hash = new long[2];
  private byte[] entries = new byte[64 * Footer.ENTRY_LENGTH];
  private int count;
  private int replaced;
  private long highestSequence;

  public FooterBuilder(KeyHash hasher) {
    this.hasher = hasher;
  }

  @Override
  public void record(byte kind, byte[] key, long offset, long length, long sequence) {
    hasher.hash(key, hash);
    add(hash[0], hash[1], offset, length, sequence, kind);
  }

  @Override
  public void evicted(long low, long high, long offset, long length, long sequence) {
    add(low, high, offset, length, sequence, Footer.EVICTED);
  }

  @Override
  public void replaced(long segmentId, long offset) {
    add(segmentId, 0, offset, 0, 0, Footer.REPLACED);
    replaced++;
  }

  /** Adds an entry whose key's hash is known already. */
  public void add(long low, long high, long offset, long length, long sequence, byte kind) {
    int at = count * Footer.ENTRY_LENGTH;
    if (at == entries.length) {
      entries = Arrays.copyOf(entries, Math.multiplyExact(at, 2));
    }
    Footer.putEntry(order(entries), at, low, high, offset, length, sequence, kind);
    highestSequence = Math.max(highestSequence, sequence);
    count++;
  }

  /** Hands the entries to a consumer, in their order. */
  public void forEach(Footer.EntryConsumer consumer) {
    Footer.forEach(entries(), consumer);
  }

  /** Whether these are the entries that a trailer was written for. */
  public boolean isOf(Trailer trailer) {
    return count == trailer.entries() && Checksum.of(entries()) == trailer.entriesCrc();
  }

  /** Number of entries. */
  public int count() {
    return count;
  }

  /** The highest sequence number among the records; 0 when there is none. */
  public long highestSequence() {
    return highestSequence;
  }

  /** The entries, little-endian. */
  public ByteBuffer entries() {
    return order(entries).limit(count * Footer.ENTRY_LENGTH);
  }

  /**
   * The trailer that goes with the entries.
   *
   * @param header of the segment
   * @param recordsEnd where its records end
   * @param highestSequence of the segment
   */
  public Trailer trailer(FileHeader header, long recordsEnd, long highestSequence) {
    return new Trailer(
        header.segmentId(),
        recordsEnd,
        count,
        Checksum.of(entries()),
        header.firstSequence(),
        highestSequence,
        Footer.fileLength(recordsEnd, count),
        replaced);
  }

  /** Writes entries, zeros and trailer to where the records end. */
  public void write(BlockWriter out, Trailer trailer, long salt) throws IOException {
    out.put(entries());
    out.zeroTo(trailer.fileLength() - Footer.TRAILER_LENGTH);
    ByteBuffer last = ByteBuffer.allocate(Footer.TRAILER_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    trailer.encode(last, 0, salt);
    out.put(last);
    out.flush();
  }

  private static ByteBuffer order(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
