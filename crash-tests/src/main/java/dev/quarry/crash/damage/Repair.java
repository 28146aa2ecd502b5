package dev.quarry.crash.damage;

import dev.quarry.segment.Checksum;
import dev.quarry.segment.RecordFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * Makes the checksums of a file right for whatever bytes it has, so that what comes behind the
 * checksums can be attacked too. Written from the format pages, not from the code: no length that
 * is found in a file is used beyond what the file holds.
 */
public final class Repair {

  private static final int FILE_HEADER = 64;
  private static final int RECORD_HEADER = 24;
  private static final int ENTRY = 32;
  private static final int TRAILER = 64;
  private static final int CHUNK = 1 << 20;

  private Repair() {}

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Of the file header. */
  public static void header(byte[] file) {
    if (file.length >= FILE_HEADER) {
      little(file).putInt(60, Checksum.of(file, 0, 60));
    }
  }

  /** Of the identity in STORE. */
  public static void identity(byte[] file) {
    if (file.length >= 128) {
      little(file).putInt(124, Checksum.of(file, 64, 60));
    }
  }

  /** The salt of the segment that a file says it is. */
  public static long salt(byte[] file) {
    ByteBuffer bytes = little(file);
    return file.length < FILE_HEADER
        ? 0
        : RecordFormat.salt(new UUID(bytes.getLong(16), bytes.getLong(24)), bytes.getLong(32));
  }

  /**
   * Of every record of the chain, as far as lengths lead; of one that would end beyond the file,
   * that of the header alone.
   *
   * @param payloads whether the checksums of key and value are made right as well
   * @return where the chain ends
   */
  public static int chain(byte[] file, boolean payloads) {
    return chain(file, file.length, payloads);
  }

  private static int chain(byte[] file, int limit, boolean payloads) {
    long salt = salt(file);
    ByteBuffer bytes = little(file);
    int at = FILE_HEADER;
    while (at + RECORD_HEADER <= limit && bytes.getInt(at) != 0) {
      long length = Integer.toUnsignedLong(bytes.getInt(at));
      boolean fits = length >= RECORD_HEADER && length <= limit - at;
      record(file, at, salt, payloads && fits);
      if (!fits) {
        return at;
      }
      at += (int) (length + 7 & -8);
    }
    return at;
  }

  /**
   * Of every record of a segment, up to where its trailer says that they end, and of its footer.
   */
  public static void segment(byte[] file, boolean payloads) {
    int trailer = file.length - TRAILER;
    if (trailer >= FILE_HEADER) {
      long end = little(file).getLong(trailer + 16);
      chain(file, (int) (end >= FILE_HEADER && end <= trailer ? end : trailer), payloads);
      footer(file);
    }
  }

  /**
   * Of one record.
   *
   * @param payload whether that of key and value is made right as well; they must be in the file
   */
  public static void record(byte[] file, int at, long salt, boolean payload) {
    ByteBuffer bytes = little(file);
    if (payload) {
      int length = bytes.getInt(at) - RECORD_HEADER;
      boolean empty = bytes.get(at + 22) == RecordFormat.VOID;
      bytes.putInt(at + 16, empty ? 0 : Checksum.of(file, at + RECORD_HEADER, length));
    }
    byte[] checked = new byte[RECORD_HEADER - 4];
    System.arraycopy(file, at, checked, 0, 4);
    System.arraycopy(file, at + 8, checked, 4, RECORD_HEADER - 8);
    int check = Checksum.of(checked, 0, checked.length) ^ (int) (mix(salt + at) >>> 32);
    bytes.putInt(at + 4, check);
  }

  /**
   * Of the entries of a segment, if its trailer says of enough bytes that they are it, and of the
   * trailer.
   */
  private static void footer(byte[] file) {
    int trailer = file.length - TRAILER;
    ByteBuffer bytes = little(file);
    long end = bytes.getLong(trailer + 16);
    long entries = bytes.getInt(trailer + 24) * (long) ENTRY;
    if (end >= 0 && end <= trailer && entries >= 0 && entries <= trailer - end) {
      bytes.putInt(trailer + 28, Checksum.of(file, (int) end, (int) entries));
    }
    int check = Checksum.of(file, trailer, TRAILER - 4) ^ (int) (salt(file) >>> 32);
    bytes.putInt(trailer + 60, check);
  }

  /** Of every chunk of a checkpoint. */
  public static void chunks(byte[] file) {
    ByteBuffer bytes = little(file);
    int previous = 0;
    for (int at = 0; at < file.length; at += CHUNK) {
      int payload = Math.min(CHUNK, file.length - at) - 4;
      if (payload < 0) {
        return;
      }
      ByteBuffer before = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      before.putInt(0, previous);
      previous = Checksum.of(before, ByteBuffer.wrap(file, at, payload));
      bytes.putInt(at + payload, previous);
    }
  }

  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
