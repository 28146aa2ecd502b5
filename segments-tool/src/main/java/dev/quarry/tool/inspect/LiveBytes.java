package dev.quarry.tool.inspect;

import dev.quarry.segment.Footer;
import dev.quarry.segment.RecordFormat;
import dev.quarry.tool.inspect.FileReport.State;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How much of each file is live, as far as files alone can tell: the puts of whose keys no file has
 * a later put, a delete, or an eviction. What damage hides does not count, nor does what an open
 * store has in memory only.
 */
final class LiveBytes {

  /** Heap that a key takes meanwhile, generously. */
  private static final long KEY_BYTES = 128;

  private final Map<Hash, Newest> newest = new HashMap<>();
  private final Map<Long, Long> byId = new HashMap<>();

  private LiveBytes() {}

  private record Hash(long low, long high) {}

  /**
   * What is known last of a key.
   *
   * @param length of the record; 0 if it was not a put
   */
  private record Newest(long sequence, long segmentId, long length) {

    /** Of one record, that it was evicted counts more, and its copy in another segment next. */
    Newest or(Newest other) {
      if (other.sequence != sequence) {
        return other.sequence > sequence ? other : this;
      }
      return length == 0 ? this : other;
    }
  }

  /** Looks at all files; each is read once more. */
  static LiveBytes of(StoreFiles store, List<FileReport> reports) throws IOException {
    LiveBytes live = new LiveBytes();
    if (store.fault() == null && fits(reports, Runtime.getRuntime().maxMemory())) {
      for (FileReport report : reports) {
        live.add(store, report);
      }
      live.newest.values().forEach(key -> live.byId.merge(key.segmentId, key.length, Long::sum));
      live.newest.clear();
    }
    return live;
  }

  /** Whether half of so much memory suffices, even if no two records are of the same key. */
  static boolean fits(List<FileReport> reports, long memory) {
    long records = 0;
    for (FileReport report : reports) {
      Survey survey = report.survey();
      records += survey == null ? 0 : survey.records() + survey.evictions();
    }
    return records <= memory / 2 / KEY_BYTES;
  }

  private void add(StoreFiles store, FileReport file) throws IOException {
    if (file.survey() == null) {
      return;
    }
    try {
      if (file.state() != State.REPLACED) {
        store.forEachEntry(
            file,
            (low, high, offset, length, sequence, kind) -> {
              if (kind != Footer.REPLACED) {
                long live = kind == RecordFormat.PUT ? length : 0;
                newest.merge(
                    new Hash(low, high), new Newest(sequence, file.id(), live), Newest::or);
              }
            });
      }
      byId.put(file.id(), 0L);
    } catch (NoSuchFileException e) {
      // removed, or become a segment, since it was listed
    }
  }

  /**
   * Bytes of a file's live records; null when they are not known: it cannot be read, the STORE file
   * cannot, or there are too many records to compare.
   */
  @Nullable Long of(FileReport file) {
    return byId.get(file.id());
  }
}
