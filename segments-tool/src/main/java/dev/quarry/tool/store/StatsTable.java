package dev.quarry.tool.store;

import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.StoreStats;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Table;
import dev.quarry.tool.terminal.Units;
import java.util.Locale;

/** Figures about a store, for people. */
final class StatsTable {

  private final Table table = new Table("", ">", "");
  private final StoreStats stats;

  StatsTable(StoreStats stats, BlobStoreOptions options) {
    this.stats = stats;
    addMode(options);
    addContents();
    addMemory();
    addCounters();
    addState();
  }

  /** When a store of a mode acknowledges a put. */
  static String promise(StoreMode mode) {
    return mode == StoreMode.DURABLE
        ? "a put returns when its record is on stable storage"
        : "a put returns when its record is readable; a crash may lose the newest";
  }

  private void addMode(BlobStoreOptions options) {
    table.add("mode", stats.mode().toString().toLowerCase(Locale.ROOT), promise(stats.mode()));
    if (stats.mode() == StoreMode.DURABLE) {
      table.add("log syncs", Units.count(stats.syncs()), "since it was opened");
    } else if (options.maxBytes() == Long.MAX_VALUE) {
      table.add("bound", "none", "as opened; --cache sets one");
    } else {
      table.add("bound", Units.bytes(options.maxBytes()), "as opened");
    }
  }

  private void addContents() {
    table.add("keys", Units.count(stats.keys()), "");
    table.add("segments", Units.count(stats.segments()), "files, and slabs that will become one");
    table.add("on disk", Units.bytes(stats.diskBytes()), "segment files");
    table.add("live", Units.bytes(stats.liveBytes()), "records whose key has that value");
    table.add("dead", Units.bytes(stats.deadBytes()), "overwritten, deleted, headers, footers");
  }

  private void addMemory() {
    table.add("slabs", Units.bytes(stats.slabBytes()), "memory, off-heap");
    table.add("hash index", Units.bytes(stats.indexBytes()), "memory, off-heap");
    table.add("bloom filter", Units.bytes(stats.bloomBytes()), "memory, off-heap");
    table.add("key index", Units.bytes(stats.keyIndexBytes()), "memory; 0 until keys are listed");
    table.add(
        "bloom rate",
        String.format(Locale.ROOT, "%.3f %%", 100 * stats.bloomRate()),
        "absent keys let through");
  }

  private void addCounters() {
    table.add("puts", Units.count(stats.puts()), "since it was opened");
    table.add("deletes", Units.count(stats.deletes()), "since it was opened");
    table.add("hits", Units.count(stats.hits()), "since it was opened");
    table.add("misses", Units.count(stats.misses()), "since it was opened");
    table.add("bytes put", Units.bytes(stats.bytesPut()), "since it was opened");
    table.add("bytes written", Units.bytes(stats.bytesWritten()), "since it was opened");
    table.add("flushes", Units.count(stats.flushes()), "segments written since it was opened");
  }

  private void addState() {
    table.add("recovery", Units.time(stats.recoveryNanos()), "the time that opening took");
    table.add("damaged files", Units.count(stats.damagedFiles()), "made good when it was opened");
    table.add("failure", stats.failure() == null ? "none" : "yes", failure());
  }

  private String failure() {
    return stats.failure() == null ? "" : stats.failure();
  }

  void print(Console console) {
    table.print(console);
  }
}
