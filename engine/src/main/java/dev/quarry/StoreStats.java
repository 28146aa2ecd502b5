package dev.quarry;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Figures about an open store, each exact by itself; while operations are under way they need not
 * be of the same instant. Counters begin at zero when the store is opened; shares and rates are
 * from 0 to 1. Immutable.
 *
 * @param mode what the store promises
 * @param keys keys that have a value
 * @param segments segment files, and slabs that will become one
 * @param liveBytes bytes of records whose key still has that value
 * @param deadBytes bytes of segment files that are not live records: overwritten and deleted
 *     values, tombstones, headers and footers
 * @param diskBytes bytes of all files of the store but the key index and LOCK: segments, those
 *     about to be deleted included, log, checkpoint, reserve and the file that names the store
 * @param slabBytes memory of slabs, those included that only readers hold on to
 * @param stagingBytes memory of the buffers that files are written through
 * @param indexBytes memory of the hash index
 * @param bloomBytes memory of the bloom filter
 * @param keyIndexBytes native and heap memory of the key index, an estimate; 0 until ordered keys
 *     are asked for
 * @param bloomRate the share of absent keys that the bloom filter is expected to let through now
 * @param puts puts that were acknowledged
 * @param deletes deletes that found their key
 * @param hits reads that found their key
 * @param misses reads that did not
 * @param bytesPut bytes of keys and values of acknowledged puts
 * @param bytesWritten bytes that the store has written to its own files; the key index is not in it
 * @param syncs how often the log was synced
 * @param flushes segments written from slabs
 * @param recoveryNanos how long opening took, in nanoseconds
 * @param damagedFiles files found damaged at opening, and made good from their records
 * @param reserveBytes bytes of disk that a durable store keeps for deletes and compaction
 * @param checkpointBytes bytes of the checkpoint on disk
 * @param logBytes bytes of the log on disk, which are not in a segment yet
 * @param evictions records that were evicted
 * @param bytesEvicted bytes of those records
 * @param segmentsCompacted segments that compaction has taken away
 * @param compactionBytesRead bytes of live records that compaction has copied
 * @param compactionBytesWritten bytes of segments that compaction has written
 * @param checkpoints checkpoints that were written
 * @param observedBloomRate the share of absent keys looked for that the bloom filter let through;
 *     NaN if none was looked for
 * @param idleReason why nothing more was reclaimed when space was last looked at, in words
 * @param liveShares of each segment file how much is live, in the order of the queue
 * @param failure why the store has failed: a durable store then refuses writes, a cache goes on in
 *     memory; null when it has not
 * @param maxBytes the most bytes that the segments of a cache may take on disk; {@link
 *     Long#MAX_VALUE} in a durable store, which is not bounded
 * @param lack which background work is postponed at the moment and why, for example too few file
 *     descriptors; the store retries it. Null when none is
 */
public record StoreStats(
    StoreMode mode,
    long keys,
    int segments,
    long liveBytes,
    long deadBytes,
    long diskBytes,
    long slabBytes,
    long stagingBytes,
    long indexBytes,
    long bloomBytes,
    long keyIndexBytes,
    double bloomRate,
    long puts,
    long deletes,
    long hits,
    long misses,
    long bytesPut,
    long bytesWritten,
    long syncs,
    long flushes,
    long recoveryNanos,
    int damagedFiles,
    long reserveBytes,
    long checkpointBytes,
    long logBytes,
    long evictions,
    long bytesEvicted,
    long segmentsCompacted,
    long compactionBytesRead,
    long compactionBytesWritten,
    long checkpoints,
    double observedBloomRate,
    String idleReason,
    List<LiveShare> liveShares,
    @Nullable String failure,
    long maxBytes,
    @Nullable String lack) {

  /** Takes a copy of the list. */
  public StoreStats {
    liveShares = List.copyOf(liveShares);
  }

  /**
   * How much of a segment file is live.
   *
   * @param segmentId the segment
   * @param fileBytes of its file
   * @param liveBytes of records whose key still has that value
   */
  public record LiveShare(long segmentId, long fileBytes, long liveBytes) {}
}
