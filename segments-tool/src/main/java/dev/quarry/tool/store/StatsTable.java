package dev.quarry.tool.store;

import static java.util.Comparator.comparingDouble;

import dev.quarry.StoreMode;
import dev.quarry.StoreStats;
import dev.quarry.StoreStats.LiveShare;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Table;
import dev.quarry.tool.terminal.Units;
import java.util.List;
import java.util.Locale;

/** Figures about a store, for people. */
final class StatsTable {

  /** How many segments are shown. */
  private static final int SHOWN = 10;

  private final Table table = new Table("", ">", "");
  private final StoreStats stats;

  StatsTable(StoreStats stats) {
    this.stats = stats;
    addMode();
    addContents();
    addReclaimed();
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

  private void addMode() {
    table.add("mode", stats.mode().toString().toLowerCase(Locale.ROOT), promise(stats.mode()));
    if (stats.mode() == StoreMode.DURABLE) {
      table.add("log syncs", Units.count(stats.syncs()), "since it was opened");
    }
    boolean isBound = stats.maxBytes() != Long.MAX_VALUE;
    table.add(
        "bound",
        isBound ? Units.bytes(stats.maxBytes()) : "none",
        isBound ? "the most that segments may take; --cache changes it" : "");
  }

  private void addContents() {
    table.add("keys", Units.count(stats.keys()), "");
    table.add("segments", Units.count(stats.segments()), "files, and slabs that will become one");
    table.add("on disk", Units.bytes(stats.diskBytes()), "all files but the key index and LOCK");
    table.add("  segment files", Units.bytes(segmentBytes()), "with STORE, which names the store");
    table.add("  log", Units.bytes(stats.logBytes()), "not in a segment yet");
    table.add("  checkpoint", Units.bytes(stats.checkpointBytes()), "of the index");
    table.add("  reserve", Units.bytes(stats.reserveBytes()), "for deletes and compaction");
    table.add("live", Units.bytes(stats.liveBytes()), "records whose key has that value");
    table.add("dead", Units.bytes(stats.deadBytes()), "overwritten, deleted, headers, footers");
  }

  /** What of the disk is none of the other parts that are shown. */
  private long segmentBytes() {
    return stats.diskBytes() - stats.logBytes() - stats.checkpointBytes() - stats.reserveBytes();
  }

  private void addReclaimed() {
    table.add("evicted", Units.count(stats.evictions()), "records since it was opened");
    table.add("bytes evicted", Units.bytes(stats.bytesEvicted()), "since it was opened");
    table.add("compacted", Units.count(stats.segmentsCompacted()), "segments removed");
    table.add("copied", Units.bytes(stats.compactionBytesRead()), "live records, by compaction");
    table.add("rewritten", Units.bytes(stats.compactionBytesWritten()), "segments, by compaction");
    table.add("checkpoints", Units.count(stats.checkpoints()), "written since it was opened");
    table.add("reclaimed", "no more", stats.idleReason());
  }

  private void addMemory() {
    table.add("slabs", Units.bytes(stats.slabBytes()), "memory, off-heap");
    table.add("staging", Units.bytes(stats.stagingBytes()), "memory, off-heap");
    table.add("hash index", Units.bytes(stats.indexBytes()), "memory, off-heap");
    table.add("bloom filter", Units.bytes(stats.bloomBytes()), "memory, off-heap");
    table.add("key index", Units.bytes(stats.keyIndexBytes()), "memory; 0 until keys are listed");
    table.add(
        "bloom rate", Units.percent(stats.bloomRate(), 3), "absent keys let through, expected");
    table.add("bloom observed", observedBloomRate(), "the same of those looked for");
  }

  private String observedBloomRate() {
    double rate = stats.observedBloomRate();
    return Double.isNaN(rate) ? "-" : Units.percent(rate, 3);
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
    table.add("lack", stats.lack() == null ? "none" : "yes", lack());
    table.add("failure", stats.failure() == null ? "none" : "yes", failure());
  }

  private String lack() {
    return stats.lack() == null ? "" : stats.lack();
  }

  private String failure() {
    return stats.failure() == null ? "" : stats.failure();
  }

  void print(Console console) {
    table.print(console);
    if (!stats.liveShares().isEmpty()) {
      console.println("");
      liveShares().print(console);
    }
  }

  /** The segment files with the least that is live. */
  private Table liveShares() {
    Table shares = new Table(">segment", ">file", ">live", ">share", "");
    List<LiveShare> sorted =
        stats.liveShares().stream().sorted(comparingDouble(StatsTable::share)).toList();
    for (LiveShare each : sorted.subList(0, Math.min(SHOWN, sorted.size()))) {
      shares.add(
          String.valueOf(each.segmentId()),
          Units.bytes(each.fileBytes()),
          Units.bytes(each.liveBytes()),
          Units.percent(share(each), 1),
          "");
    }
    if (sorted.size() > SHOWN) {
      shares.add("", "", "", "", "and " + (sorted.size() - SHOWN) + " with more, see --json");
    }
    return shares;
  }

  private static double share(LiveShare segment) {
    return (double) segment.liveBytes() / segment.fileBytes();
  }
}
