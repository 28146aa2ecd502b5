package dev.quarry.crash.damage;

import dev.quarry.segment.RecordFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What the bytes of an intact file are, found out by the format pages: which of them mean nothing,
 * and which are of a commit of which nothing speaks.
 */
public final class Meaning {

  /** What a byte is. */
  public enum Of {
    /** Padding, a zero that fills up a block, or what a void left over: never looked at. */
    NOTHING,
    /** Of the last commit of the last log: damage is taken for a torn tail. */
    LAST_COMMIT,
    /** Anything else: damage is noticed. */
    SOMETHING
  }

  private static final int FILE_HEADER = 64;
  private static final int RECORD_HEADER = 24;
  private static final int ENTRY = 32;
  private static final int TRAILER = 64;
  private static final int IDENTITY_END = 128;

  private final Of[] bytes;

  private Meaning(int length) {
    bytes = new Of[length];
    Arrays.fill(bytes, Of.NOTHING);
  }

  /** What the byte at an offset is. */
  public Of at(int offset) {
    return bytes[offset];
  }

  private void set(int from, int to, Of meaning) {
    Arrays.fill(bytes, from, to, meaning);
  }

  /**
   * The meaning of a file's bytes.
   *
   * @param path tells what file it is
   */
  public static Meaning of(Path path, byte[] file) {
    Meaning meaning = new Meaning(file.length);
    if (path.equals(StoreImage.LAYOUT.store())) {
      meaning.set(0, IDENTITY_END, Of.SOMETHING);
    } else if (path.equals(StoreImage.LAYOUT.checkpoint())) {
      meaning.set(0, file.length, Of.SOMETHING);
    } else if (path.startsWith(StoreImage.LAYOUT.segments())) {
      meaning.segment(file);
    } else if (path.startsWith(StoreImage.LAYOUT.logs())) {
      meaning.log(file);
    }
    return meaning;
  }

  private void segment(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int trailer = file.length - TRAILER;
    int end = (int) bytes.getLong(trailer + 16);
    records(bytes, end);
    set(end, end + bytes.getInt(trailer + 24) * ENTRY, Of.SOMETHING);
    set(trailer, file.length, Of.SOMETHING);
  }

  private void log(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int durable = records(bytes, file.length);
    for (int at = durable; at < file.length; at++) {
      if (this.bytes[at] == Of.SOMETHING) {
        this.bytes[at] = Of.LAST_COMMIT;
      }
    }
  }

  /** Marks header and records; tells how far the last commit mark says the log was durable. */
  private int records(ByteBuffer file, int limit) {
    set(0, FILE_HEADER, Of.SOMETHING);
    int durable = FILE_HEADER;
    int at = FILE_HEADER;
    while (at + RECORD_HEADER <= limit && file.getInt(at) != 0) {
      int length = file.getInt(at);
      byte kind = file.get(at + 22);
      set(at, at + (kind == RecordFormat.VOID ? RECORD_HEADER : length), Of.SOMETHING);
      if (kind == RecordFormat.COMMIT_MARK) {
        durable = (int) file.getLong(at + RECORD_HEADER);
      }
      at += length + 7 & -8;
    }
    return durable;
  }
}
