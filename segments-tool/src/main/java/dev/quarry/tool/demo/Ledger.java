package dev.quarry.tool.demo;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** What an importing process has told so far. */
final class Ledger {

  private final Map<String, Long> acknowledged = new LinkedHashMap<>();
  private final Set<String> inFlight = new LinkedHashSet<>();
  private long acknowledgedBytes;
  private int skipped;
  private int failed;
  private long nanos;
  private long opened;
  private OptionalLong written = OptionalLong.empty();

  void note(Message message) {
    switch (message.kind()) {
      case STARTED -> inFlight.add(message.name());
      case ACKNOWLEDGED -> {
        inFlight.remove(message.name());
        acknowledged.put(message.name(), message.number());
        acknowledgedBytes += message.number();
      }
      case FAILED -> {
        inFlight.remove(message.name());
        failed++;
      }
      case SKIPPED -> skipped++;
      case NANOS -> nanos = message.number();
      case OPENED -> opened = message.number();
      case WRITTEN -> written = OptionalLong.of(message.number());
    }
  }

  /** Names of the files whose put has returned. */
  Set<String> acknowledged() {
    return acknowledged.keySet();
  }

  /** Bytes of the values whose put has returned. */
  long acknowledgedBytes() {
    return acknowledgedBytes;
  }

  /** Names of the files whose put was called and has not returned. */
  Set<String> inFlight() {
    return inFlight;
  }

  /** Files that were there already. */
  int skipped() {
    return skipped;
  }

  /** Files that could not be read or stored. */
  int failed() {
    return failed;
  }

  /** How long the puts took together; 0 until the process has told. */
  long nanos() {
    return nanos;
  }

  /** Bytes the process had had the system write when it had opened the store. */
  long opened() {
    return opened;
  }

  /**
   * Bytes the process had the system write, from then on until it had closed the store; empty until
   * it has told.
   */
  OptionalLong written() {
    return written.isEmpty() ? written : OptionalLong.of(written.getAsLong() - opened);
  }
}
