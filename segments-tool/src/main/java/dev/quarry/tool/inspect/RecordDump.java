package dev.quarry.tool.inspect;

import dev.quarry.segment.FileHeader;
import dev.quarry.segment.MappedSegment;
import dev.quarry.segment.RecordFormat;
import dev.quarry.tool.terminal.Console;
import java.nio.ByteBuffer;

/** Prints a file's header and records field by field, and all else as plain bytes. */
final class RecordDump {

  /** How much of a value, and of bytes that are no record, is shown. */
  private static final int SHOWN = 64;

  private final Console console;
  private final MappedSegment file;
  private final ByteBuffer head;
  private final long salt;
  private final long recordsEnd;

  RecordDump(Console console, MappedSegment file, FileReport report) {
    this.console = console;
    this.file = file;
    this.head = file.head();
    this.salt = report.salt();
    this.recordsEnd = Math.min(report.recordsEnd(), file.size());
  }

  /** Prints from an offset on, to the end of what a number of bytes reaches. */
  void print(long offset, long length) {
    long limit = Math.min(head.limit(), offset + Math.min(length, head.limit()));
    long at = RecordFormat.align(offset);
    if (at == 0 && limit >= FileHeader.LENGTH) {
      printHeader();
      at = FileHeader.LENGTH;
    }
    while (at < limit) {
      at = isRecord(at) ? printRecord((int) at) : printOther(at, nextRecord(at, limit));
    }
  }

  private boolean isRecord(long at) {
    return at >= FileHeader.LENGTH
        && at + RecordFormat.HEADER_LENGTH <= Math.min(recordsEnd, head.limit())
        && RecordFormat.isHeader(head, (int) at, salt)
        && at + RecordFormat.length(head, (int) at) <= recordsEnd;
  }

  private long nextRecord(long from, long limit) {
    long at = from + RecordFormat.ALIGNMENT;
    while (at < limit && !isRecord(at)) {
      at += RecordFormat.ALIGNMENT;
    }
    return Math.min(at, limit);
  }

  private void printHeader() {
    Fields fields = new Fields(0);
    fields.text(8, "magic");
    fields.number(4, "format version");
    fields.bytes(4, "zero");
    fields.bytes(16, "store id");
    fields.number(8, "segment id");
    fields.number(8, "first sequence");
    fields.number(8, "end of the log before");
    fields.number(4, "id of the log before");
    fields.bytes(4, "header checksum");
    console.println("# header");
    console.print(fields.lines.text());
  }

  private long printRecord(int at) {
    long length = RecordFormat.length(head, at);
    int keyLength = RecordFormat.keyLength(head, at);
    long valueLength = RecordFormat.valueLength(head, at);
    String kind = kind(RecordFormat.kind(head, at));
    boolean intact = RecordFormat.kind(head, at) == RecordFormat.VOID || file.isPayloadIntact(at);
    console.println(
        "# " + kind + (intact ? "" : ", the checksum of its key and value does not match"));
    Fields fields = new Fields(at);
    fields.number(4, "length");
    fields.bytes(4, "header check");
    fields.number(8, "sequence");
    fields.bytes(4, "checksum of key and value");
    fields.number(2, "key length");
    fields.number(1, "kind: " + kind);
    fields.bytes(1, "zero");
    fields.text(keyLength, "key");
    fields.text((int) Math.min(SHOWN, valueLength), "value");
    console.print(fields.lines.text());
    if (valueLength > SHOWN) {
      console.println("# value: " + (valueLength - SHOWN) + " more bytes");
    }
    return at + RecordFormat.align(length);
  }

  private long printOther(long from, long to) {
    boolean behind = from >= recordsEnd;
    console.println(
        "# " + (behind ? "behind the records: " : "no record: ") + (to - from) + " bytes");
    Fields fields = new Fields((int) from);
    fields.text((int) Math.min(SHOWN, to - from), "");
    console.print(fields.lines.text());
    return to;
  }

  private static String kind(byte kind) {
    return switch (kind) {
      case RecordFormat.PUT -> "put";
      case RecordFormat.TOMBSTONE -> "tombstone";
      case RecordFormat.COMMIT_MARK -> "commit mark";
      default -> "void";
    };
  }

  /** Consecutive fields from an offset on. */
  private final class Fields {

    private final HexLines lines;
    private int at;

    Fields(int at) {
      this.lines = new HexLines(at);
      this.at = at;
    }

    private ByteBuffer take(int length) {
      ByteBuffer bytes = head.slice(at, length);
      at += length;
      return bytes;
    }

    void bytes(int length, String name) {
      lines.add(take(length), name);
    }

    void text(int length, String name) {
      lines.addText(take(length), name);
    }

    /** A little-endian number, unsigned unless it has eight bytes. */
    void number(int length, String name) {
      long value = 0;
      for (int i = length - 1; i >= 0; i--) {
        value = value << 8 | Byte.toUnsignedLong(head.get(at + i));
      }
      lines.add(take(length), name + " " + value);
    }
  }
}
