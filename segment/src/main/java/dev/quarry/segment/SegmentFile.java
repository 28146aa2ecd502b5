package dev.quarry.segment;

import dev.quarry.CorruptionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the header, footer and trailer of a segment file say; its records are not looked at.
 *
 * <p>Each of the three can be damaged without a loss: when the records themselves prove, by an
 * unbroken chain of headers, what the damaged part must have said, it is made anew from them and
 * the damage is noted. Otherwise opening throws.
 */
public final class SegmentFile {

  private final Path path;
  private final Trailer trailer;
  private final ByteBuffer entries;
  private final @Nullable CorruptionException damage;

  private SegmentFile(
      Path path, Trailer trailer, ByteBuffer entries, @Nullable CorruptionException damage) {
    this.path = path;
    this.trailer = trailer;
    this.entries = entries.order(ByteOrder.LITTLE_ENDIAN);
    this.damage = damage;
  }

  /**
   * Reads a segment file's ends.
   *
   * @throws CorruptionException if it is damaged beyond what its records prove
   * @throws dev.quarry.FormatVersionException if another version wrote it
   */
  public static SegmentFile open(Disk disk, Path path, UUID storeId, long id, KeyHash hasher)
      throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      long size = file.size();
      if (size < Disk.BLOCK || size % Disk.BLOCK != 0) {
        throw new CorruptionException(
            path, size, "the file ends here, which is not where a segment can end");
      }
      CorruptionException damage = null;
      try {
        FileHeader.decodeSegment(read(file, 0, FileHeader.LENGTH), path, storeId, id);
      } catch (CorruptionException e) {
        damage = e;
      }
      try {
        Trailer trailer = readTrailer(file, size, storeId, id);
        return new SegmentFile(path, trailer, readEntries(file, trailer), damage);
      } catch (CorruptionException e) {
        if (damage != null) {
          throw damage;
        }
        return rebuild(disk, file, storeId, id, hasher, e);
      }
    }
  }

  /**
   * Reads no more of a segment file than its header and its trailer.
   *
   * @throws CorruptionException if one is damaged; {@link #open} may still find the file good
   * @throws dev.quarry.FormatVersionException if another version wrote it
   */
  public static Trailer openTrailer(Disk disk, Path path, UUID storeId, long id)
      throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      long size = file.size();
      if (size < Disk.BLOCK || size % Disk.BLOCK != 0) {
        throw new CorruptionException(
            path, size, "the file ends here, which is not where a segment can end");
      }
      FileHeader.decodeSegment(read(file, 0, FileHeader.LENGTH), path, storeId, id);
      return readTrailer(file, size, storeId, id);
    }
  }

  /**
   * The ids of the segments that a segment replaces, which its first record lists.
   *
   * @throws CorruptionException if that record is damaged
   */
  public static List<Long> replaced(SegmentBytes bytes, Trailer trailer, Path path, long salt) {
    List<Long> ids = new ArrayList<>();
    if (trailer.replaced() == 0) {
      return ids;
    }
    int at = FileHeader.LENGTH;
    if (!RecordFormat.isHeader(bytes.head(), at, salt)
        || RecordFormat.kind(bytes.head(), at) != RecordFormat.REPLACES
        || !bytes.holdsRecord(at)
        || !bytes.isPayloadIntact(at)) {
      throw new CorruptionException(
          path, at, "a list of " + trailer.replaced() + " replaced segments was expected here");
    }
    Batch.forEach(
        bytes.head(),
        at,
        new RecordVisitor() {
          @Override
          public void record(byte kind, byte[] key, long offset, long length, long sequence) {}

          @Override
          public void replaced(long segmentId, long offset) {
            ids.add(segmentId);
          }
        });
    return ids;
  }

  private static Trailer readTrailer(DiskFile file, long size, UUID storeId, long id)
      throws IOException {
    ByteBuffer buffer = read(file, size - Footer.TRAILER_LENGTH, Footer.TRAILER_LENGTH);
    return Trailer.decode(buffer, 0, file.path(), size, RecordFormat.salt(storeId, id));
  }

  private static ByteBuffer readEntries(DiskFile file, Trailer trailer) throws IOException {
    ByteBuffer entries =
        read(
            file, trailer.recordsEnd(), Math.multiplyExact(trailer.entries(), Footer.ENTRY_LENGTH));
    int crc = Checksum.of(entries.duplicate());
    if (crc != trailer.entriesCrc()) {
      throw new CorruptionException(
          file.path(),
          trailer.recordsEnd(),
          String.format(
              "footer checksum %08x was expected, found %08x", trailer.entriesCrc(), crc));
    }
    Footer.forEach(
        entries,
        (low, high, offset, length, sequence, kind) -> {
          boolean possible =
              switch (kind) {
                case RecordFormat.PUT, RecordFormat.TOMBSTONE ->
                    length > RecordFormat.HEADER_LENGTH && length <= trailer.recordsEnd() - offset;
                case Footer.EVICTED, Footer.REPLACED -> offset < trailer.recordsEnd();
                default -> false;
              };
          if (offset < FileHeader.LENGTH || !possible) {
            throw new CorruptionException(
                file.path(),
                trailer.recordsEnd(),
                "a footer entry leads to a record of kind "
                    + kind
                    + ", "
                    + length
                    + " bytes at "
                    + offset);
          }
        });
    return entries;
  }

  private static ByteBuffer read(DiskFile file, long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    file.read(buffer, offset);
    if (buffer.hasRemaining()) {
      throw new CorruptionException(
          file.path(), offset + buffer.position(), "the file ends here, within its footer");
    }
    return buffer.flip();
  }

  /**
   * Makes footer and trailer anew from the records, if the chain of their headers ends exactly
   * where what is left of the footer proves that the records end.
   */
  private static SegmentFile rebuild(
      Disk disk, DiskFile file, UUID storeId, long id, KeyHash hasher, CorruptionException damage)
      throws IOException {
    long salt = RecordFormat.salt(storeId, id);
    long size = file.size();
    MappedSegment mapped = MappedSegment.map(disk, file.path());
    try {
      long end =
          new SegmentScanner(mapped, salt)
              .endOfHeaders(FileHeader.LENGTH, size - Footer.TRAILER_LENGTH);
      FooterBuilder footer = new FooterBuilder(hasher);
      RecordVisitor.walk(mapped, FileHeader.LENGTH, end, footer);
      FileHeader header =
          FileHeader.decodeSegment(
              mapped.head().slice(0, FileHeader.LENGTH), file.path(), storeId, id);
      Trailer made =
          footer.trailer(header, end, Math.max(header.firstSequence(), footer.highestSequence()));
      Trailer proven = prove(file, made, footer.entries(), salt);
      if (proven == null) {
        throw damage;
      }
      return new SegmentFile(file.path(), proven, footer.entries(), damage);
    } finally {
      mapped.retire();
    }
  }

  /**
   * The trailer that goes with entries made from the records: the file's own if it is good and
   * these are the entries it was made for, else the one made with them if the footer holds just
   * these bytes. No entries are not proven by no bytes.
   *
   * @return null if nothing proves the entries
   */
  private static @Nullable Trailer prove(DiskFile file, Trailer made, ByteBuffer entries, long salt)
      throws IOException {
    long size = file.size();
    ByteBuffer last = read(file, size - Footer.TRAILER_LENGTH, Footer.TRAILER_LENGTH);
    try {
      Trailer own = Trailer.decode(last, 0, file.path(), size, salt);
      boolean same =
          own.recordsEnd() == made.recordsEnd()
              && own.entries() == made.entries()
              && own.entriesCrc() == made.entriesCrc();
      return same ? own : null;
    } catch (CorruptionException e) {
      boolean same =
          made.entries() > 0
              && made.fileLength() == size
              && read(file, made.recordsEnd(), entries.remaining()).equals(entries);
      return same ? made : null;
    }
  }

  /** The file. */
  public Path path() {
    return path;
  }

  /** The trailer. */
  public Trailer trailer() {
    return trailer;
  }

  /** The damage that was found and made good from the records; null when there was none. */
  public @Nullable CorruptionException damage() {
    return damage;
  }

  /** Hands every footer entry to a consumer, in the order of the records. */
  public void forEachEntry(Footer.EntryConsumer consumer) {
    Footer.forEach(entries, consumer);
  }
}
