package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.Disk;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.AssertionFailedError;

/** What must hold in every open store that nobody is writing to. */
public final class StoreInvariants {

  private static final int ATTEMPTS = 1_000;
  private static final long PAUSE_NANOS = 10_000_000;

  private StoreInvariants() {}

  public static void check(BlobStore store) {
    onceAtRest(() -> checkAtRest(store));
  }

  /** The same; the figures must be those of the file system, too. */
  public static void check(BlobStore store, Disk disk, Path root) {
    onceAtRest(
        () -> {
          checkAtRest(store);
          checkFiles(store, disk, root);
        });
  }

  /** A store with threads may still be compacting, so what does not hold is looked at again. */
  private static void onceAtRest(Executable check) {
    for (int attempt = 1; ; attempt++) {
      try {
        check.execute();
        return;
      } catch (AssertionError | NoSuchFileException e) {
        if (attempt == ATTEMPTS) {
          throw new AssertionFailedError("at rest: " + e.getMessage(), e);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      } catch (Throwable e) {
        throw new AssertionFailedError("the check failed: " + e, e);
      }
    }
  }

  private static void checkAtRest(BlobStore store) {
    KeyDirectory directory = store.directory();
    Map<Integer, Long> live = new HashMap<>();
    directory
        .index()
        .forEach(
            (low, high, location, length, visited) -> {
              assertTrue(
                  directory.bloom().mightContain(low, high), "the bloom filter misses a key");
              Segment segment = store.segments().get(Location.segment(location));
              assertNotNull(segment, "an entry leads to a segment that is gone");
              checkRecord(directory, segment, low, location, length);
              if (!Location.isTombstone(location)) {
                live.merge(segment.id(), length, Long::sum);
              }
            });
    for (Segment segment : store.segments().all()) {
      assertEquals(
          live.getOrDefault(segment.id(), 0L),
          segment.liveBytes(),
          "live bytes of segment " + segment.id());
    }
    assertEquals(
        live.values().stream().mapToLong(Long::longValue).sum(),
        directory.liveBytes(),
        "live bytes in all");
  }

  private static void checkRecord(
      KeyDirectory directory, Segment segment, long low, long location, long length) {
    SegmentBytes bytes = segment.pin();
    assertNotNull(bytes, "a segment in the table is retired");
    try {
      int offset = (int) Location.offset(location);
      assertTrue(RecordFormat.isHeader(bytes.head(), offset, segment.salt()));
      assertEquals(length, RecordFormat.length(bytes.head(), offset));
      byte[] key = new byte[RecordFormat.keyLength(bytes.head(), offset)];
      bytes.copyTo(key, offset + RecordFormat.HEADER_LENGTH);
      long[] hash = new long[2];
      directory.hasher().hash(key, hash);
      assertEquals(hash[0], low);
      checkPlace(segment, segment.sequence(bytes, offset));
    } finally {
      bytes.unpin();
    }
  }

  /** The queue is in the order of sequence numbers only if segments are where their records are. */
  private static void checkPlace(Segment segment, long sequence) {
    assertTrue(segment.place() <= sequence, "a record is older than its segment's place");
    Trailer trailer = segment.trailer();
    assertTrue(
        trailer == null || sequence <= trailer.highestSequence(),
        "a record is newer than its segment");
  }

  private static void checkFiles(BlobStore store, Disk disk, Path root) throws IOException {
    StoreLayout layout = new StoreLayout(root);
    long files = size(disk, layout.store());
    files += size(disk, layout.reserve());
    files += size(disk, layout.checkpoint());
    long segments = sizes(disk, layout.segments());
    long logs = sizes(disk, layout.logs());
    StoreStats stats = store.stats();
    assertEquals(size(disk, layout.reserve()), stats.reserveBytes(), "bytes of the reserve");
    assertEquals(size(disk, layout.checkpoint()), stats.checkpointBytes(), "of the checkpoint");
    assertEquals(logs, stats.logBytes(), "bytes of logs");
    assertEquals(files + segments + logs, stats.diskBytes(), "bytes of all files");
    long liveOnDisk = stats.liveShares().stream().mapToLong(StoreStats.LiveShare::liveBytes).sum();
    assertEquals(segments, stats.deadBytes() + liveOnDisk, "live and dead bytes of segments");
    assertFalse(store.segments().diskBytes() > segments, "the table has segments without files");
  }

  private static long size(Disk disk, Path file) throws IOException {
    return disk.exists(file) ? disk.size(file) : 0;
  }

  private static long sizes(Disk disk, Path directory) throws IOException {
    long sum = 0;
    for (String name : disk.exists(directory) ? disk.list(directory) : List.<String>of()) {
      sum += disk.size(directory.resolve(name));
    }
    return sum;
  }

  /** What must hold of the files of a store that is closed, and of which no blob is open. */
  public static void checkClosed(BlobStore store, Disk disk, Path root) {
    try {
      Set<Long> known = new HashSet<>();
      for (Segment segment : store.segments().all()) {
        if (segment.trailer() != null) {
          known.add((long) segment.id());
        }
      }
      StoreLayout layout = new StoreLayout(root);
      assertEquals(known, new HashSet<>(layout.segmentIds(disk)), "segment files left by close");
      assertEquals(List.of(), layout.temporaries(disk), "temporary files left by close");
    } catch (IOException e) {
      throw new AssertionFailedError("cannot look at the files: " + e, e);
    }
  }
}
