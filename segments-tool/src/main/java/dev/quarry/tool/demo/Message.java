package dev.quarry.tool.demo;

import dev.quarry.tool.terminal.Console;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an importing process tells the one that started it: a line each, handed to the system at
 * once. It ends in a mark, so that one cut short by the kill is not taken for another.
 *
 * @param kind of message
 * @param name the file it is about; empty when it is about none
 * @param number that goes with it, if one does
 */
record Message(Kind kind, String name, long number) {

  enum Kind {
    /** The file is there already, by its SHA-256. */
    SKIPPED,
    /** The put of the file is about to be called. */
    STARTED,
    /** The put of the file has returned; the number is its bytes. */
    ACKNOWLEDGED,
    /** The file could not be read or stored. */
    FAILED,
    /** All puts together took so many nanoseconds. */
    NANOS,
    /** The system says that the process has had so many bytes written; not sent if it does not. */
    WRITTEN,
    /** The same right after the store was opened, which writes its reserve when it is new. */
    OPENED
  }

  private static final String END = ".";

  /** Sends the message. For one thread at a time. */
  void send(Console console) {
    console.println(String.join("\t", kind.name(), name, Long.toString(number), END));
    console.flush();
  }

  /** Reads a message; null if it is not a whole one. */
  static @Nullable Message parse(String line) {
    List<String> fields = List.of(line.split("\t", -1));
    return fields.size() == 4 && fields.get(3).equals(END)
        ? new Message(Kind.valueOf(fields.get(0)), fields.get(1), Long.parseLong(fields.get(2)))
        : null;
  }
}
