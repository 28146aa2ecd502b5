package dev.quarry.tool.inspect;

import dev.quarry.segment.Batch;
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
      at = isRecord(at) ? printRecord((int) at, limit) : printOther(at, nextRecord(at, limit));
    }
  }

  private boolean isRecord(long at) {
    return at >= FileHeader.LENGTH
        && at + RecordFormat.HEADER_LENGTH <= Math.min(recordsEnd, head.limit())
        && RecordFormat.isHeader(head, (int) at, salt)
        && at + RecordFormat.length(head, (int) at) <= recordsEnd;
  }

  /** Where what is no record ends: at the next one, where records end, or at the limit. */
  private long nextRecord(long from, long limit) {
    long end = from < recordsEnd ? Math.min(recordsEnd, limit) : limit;
    long at = from + RecordFormat.ALIGNMENT;
    while (at < end && !isRecord(at)) {
      at += RecordFormat.ALIGNMENT;
    }
    return Math.min(at, end);
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

  private long printRecord(int at, long limit) {
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
    if (isBatch(RecordFormat.kind(head, at))) {
      printEntries(fields, RecordFormat.kind(head, at), at + length, limit);
    } else {
      printPayload(fields, keyLength, valueLength);
    }
    return at + RecordFormat.align(length);
  }

  private void printPayload(Fields fields, int keyLength, long valueLength) {
    fields.text(keyLength, "key");
    fields.text((int) Math.min(SHOWN, valueLength), "value");
    console.print(fields.lines.text());
    if (valueLength > SHOWN) {
      console.println("# value: " + (valueLength - SHOWN) + " more bytes");
    }
  }

  private static boolean isBatch(byte kind) {
    return kind == RecordFormat.EVICTIONS || kind == RecordFormat.REPLACES;
  }

  /** Prints the entries of a batch that begin before a limit, and the first one in any case. */
  private void printEntries(Fields fields, byte kind, long end, long limit) {
    do {
      if (kind == RecordFormat.EVICTIONS) {
        fields.hash();
        fields.number(8, "evicted: length");
        fields.number(8, "evicted: sequence");
      } else {
        fields.number(8, "replaced segment");
        fields.bytes(Batch.ENTRY_LENGTH - 8, "zero");
      }
    } while (fields.at < end && fields.at < limit);
    console.print(fields.lines.text());
    if (fields.at < end) {
      console.println("# " + (end - fields.at) / Batch.ENTRY_LENGTH + " more entries");
    }
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
      case RecordFormat.EVICTIONS -> "evictions";
      case RecordFormat.REPLACES -> "replaced segments";
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

    /** Two little-endian halves, the lower first, as the one number they are. */
    void hash() {
      String text = String.format("%016x%016x", head.getLong(at + 8), head.getLong(at));
      lines.add(take(16), "evicted: hash " + text);
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
